"""When trials held a place on a node, and how each such stretch ended."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """Where nobody saw the end, the last evaluation before the trial's next attempt."""
    outcome: Outcome

    @property
    def duration_s(self) -> float:
        return self.ended_s - self.began_s


def stretches(sweep: Sweep) -> list[Stretch]:
    """Every attempt at every trial, in the order of their beginnings."""
    began = [attempt.started.timestamp() for trial in sweep.trials for attempt in trial.all_attempts]
    zero = min(began, default=0.0)
    found = [stretch for trial in sweep.trials for stretch in _stretches(trial, zero)]
    return sorted(found, key=lambda stretch: (stretch.began_s, stretch.trial.number))


def last_sign(trial: Trial) -> datetime:
    """When the records hear of a trial for the last time."""
    attempts = trial.all_attempts
    return max([trial.start.created, *map(_ended, attempts, _lasted_s(trial))], key=datetime.timestamp)


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


def _stretches(trial: Trial, zero: float) -> Iterator[Stretch]:
    attempts = trial.all_attempts
    for attempt, after, lasted_s in zip(attempts, (*attempts, None)[1:], _lasted_s(trial), strict=True):
        began, ended = attempt.started.timestamp(), _ended(attempt, lasted_s).timestamp()
        if attempt.ended is None and after is not None:
            ended = max(began, min(ended, after.started.timestamp()))
        outcome = _outcome(attempt, trial, is_last=after is None)
        yield Stretch(trial, attempt.node, began - zero, ended - zero, outcome)


def _ended(attempt: Attempt, lasted_s: float) -> datetime:
    """Where nobody saw the end, or a clock was set back in between: its last evaluation, which is measured by a clock
    that only grows."""
    if attempt.ended is not None and attempt.ended >= attempt.started:
        return attempt.ended
    return attempt.started + timedelta(seconds=lasted_s)


def _lasted_s(trial: Trial) -> list[float]:
    """Seconds of training in each attempt at a trial, up to its last evaluation in that attempt; at most, in records
    that do not say what an attempt went on from."""
    attempts, trained_s = trial.all_attempts, trial.final.seconds if trial.final else 0.0
    before = [attempt.trained_s or 0.0 for attempt in attempts]
    after = [trained_s if attempt.trained_s is None else attempt.trained_s for attempt in attempts[1:]]
    return [max(0.0, end - begin) for begin, end in zip(before, [*after, trained_s], strict=True)] if attempts else []


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
