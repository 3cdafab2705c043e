"""What every way of pruning is: it hears of each evaluation and says what becomes of the trial."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from search.records import Trial


@dataclass(frozen=True)
class Prune:
    """The trial is over."""

    reason: str


@dataclass(frozen=True)
class Park:
    """The trial gives its place to others until `Pruner.released` names it."""


Decision = Prune | Park | None
"""None: it goes on."""


@dataclass(frozen=True)
class Release:
    """A parked trial may go on."""

    number: int
    donor: int | None = None
    """The trial whose networks it takes over, if any."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Values by dotted path that it goes on with in place of its own."""


class Pruner(Protocol):
    """Knows nothing of Ray and reads no clock: the same calls give the same answers."""

    def remember(self, trials: Iterable[Trial]) -> None:
        """Take in the records of a sweep that goes on, as if `decide` had been called for them."""

    def decide(self, number: int, epoch: float, metrics: Mapping[str, float]) -> Decision:
        """What becomes of trial `number` after `epoch` epochs; the same as before if it has been asked that before."""

    def ended(self, number: int) -> None:
        """The trial has come to an end, whichever."""

    def released(self, more_to_come: bool) -> list[Release]:
        """Parked trials that may go on now; each is named once. more_to_come: there will be trials that are new."""
