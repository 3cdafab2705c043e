"""When trials held a place on a node, and how each such stretch ended."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from search.records import Attempt, Sweep, Trial

Outcome = Literal["complete", "pruned", "diverged", "failed", "node lost", "interrupted", "open"]
OUTCOMES: tuple[Outcome, ...] = ("complete", "pruned", "diverged", "failed", "node lost", "interrupted", "open")
"""In the order in which readers are told of them. Open: it runs, or nobody was there to see its end."""


@dataclass(frozen=True)
class Stretch:
    """An attempt at a trial, in seconds since the sweep's first attempt began."""

    trial: Trial
    node: str
    began_s: float
    ended_s: float
    """At most: where nobody saw the end, the trial's next attempt began then, or the records have no later news."""
    outcome: Outcome

    @property
    def duration_s(self) -> float:
        return self.ended_s - self.began_s


def stretches(sweep: Sweep) -> list[Stretch]:
    """Every attempt at every trial, in the order of their beginnings."""
    attempts = [attempt for trial in sweep.trials for attempt in trial.all_attempts]
    if not attempts:
        return []
    zero = min(attempt.started.timestamp() for attempt in attempts)
    last = max((attempt.ended or attempt.started).timestamp() for attempt in attempts)
    found = [stretch for trial in sweep.trials for stretch in _stretches(trial, zero, last)]
    return sorted(found, key=lambda stretch: (stretch.began_s, stretch.trial.number))


def in_slots(ordered: Sequence[Stretch]) -> dict[str, list[list[Stretch]]]:
    """By node, its stretches in as few rows as needed, none beside another in one row; nodes in their names' order."""
    rows: dict[str, list[list[Stretch]]] = {stretch.node: [] for stretch in ordered}
    for stretch in ordered:
        slots = rows[stretch.node]
        free = next((slot for slot in slots if slot[-1].ended_s <= stretch.began_s), None)
        if free is None:
            slots.append([stretch])
        else:
            free.append(stretch)
    return dict(sorted(rows.items(), key=lambda item: _natural(item[0])))


def _stretches(trial: Trial, zero: float, last: float) -> Iterator[Stretch]:
    attempts = trial.all_attempts
    for attempt, after in zip(attempts, (*attempts, None)[1:], strict=True):
        began = attempt.started.timestamp()
        ended = attempt.ended.timestamp() if attempt.ended else after.started.timestamp() if after else last
        outcome = _outcome(attempt, trial, is_last=after is None)
        yield Stretch(trial, attempt.node, began - zero, max(ended, began) - zero, outcome)


def _outcome(attempt: Attempt, trial: Trial, is_last: bool) -> Outcome:
    if attempt.cause in ("lost-node", "preemption"):
        return "node lost"
    if attempt.cause and not (is_last and trial.state.state in ("diverged", "collapsed")):
        return "failed"
    if not is_last:
        return "interrupted"
    match trial.state.state:
        case "complete" | "pruned" | "failed" as ended:
            return ended
        case "diverged" | "collapsed":
            return "diverged"
        case "running":
            return "open"
        case _:
            return "interrupted"


def _natural(name: str) -> list[tuple[int, str]]:
    """So that node-10 comes after node-9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
