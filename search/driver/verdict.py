"""Why an attempt at a trial was broken off."""

from dataclasses import dataclass

from search.records import State


@dataclass(frozen=True)
class Verdict:
    """What the trial is from then on, and why."""

    state: State
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """The trial is not to go on later."""
        return self.state not in ("waiting", "paused")
