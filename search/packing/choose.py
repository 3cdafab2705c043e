"""Which number of trials on one device is the best, from what so many do there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from search.record_kinds import PackingLevel

MEMORY_MARGIN = 0.1
"""Of the largest trial's peak, on top of it: few steps and few photos do not show all that a whole training takes."""
MIN_GAIN = 0.1
"""More copies must do so much more together than fewer did: each makes all trials slower, and what is pruned later."""
MAX_COPIES = 16
_RAY_UNITS = 10_000
"""Ray counts resources in ten-thousandths, and rounds: of six trials with 1/6 each only five would fit."""


@dataclass(frozen=True)
class Limit:
    """So many copies are possible, and what forbids more, in words."""

    copies: int
    why: str


@dataclass(frozen=True)
class Choice:
    """How many copies are the best, and why, in words."""

    levels: tuple[PackingLevel, ...]
    copies: int
    why: str


def share_of(copies: int) -> float:
    """The share of a GPU for `resources.gpu`, so that Ray places so many trials on one."""
    return (_RAY_UNITS // copies) / _RAY_UNITS


def limit_of_memory(memory_bytes: int, process_bytes: int, largest_bytes: int) -> Limit:
    """memory_bytes: of the device; process_bytes, largest_bytes: what a process takes there by itself, and the largest
    trial of the sweep on top of that."""
    needed_bytes = round((1 + MEMORY_MARGIN) * largest_bytes) + process_bytes
    return Limit(memory_bytes // needed_bytes, f"memory: the largest trial takes {needed_bytes / 2**30:.2f} GiB")


def limit_of_cpus(num_cpus: float, num_devices: float, cpus_of_trial: int) -> Limit:
    """Of one device of a node with so many, when all of its devices hold trials."""
    why = f"CPUs: {num_cpus:g} for {num_devices:g} GPU, and each trial takes {cpus_of_trial}"
    return Limit(int(num_cpus // (cpus_of_trial * max(num_devices, 1))), why)


def smallest(*limits: Limit) -> Limit:
    """The one that forbids most, at least one copy, at most MAX_COPIES."""
    least = min((*limits, Limit(MAX_COPIES, "more than that are not tried")), key=lambda limit: limit.copies)
    return Limit(max(least.copies, 1), least.why)


def chosen(measure: Callable[[int], PackingLevel | None], limit: Limit) -> Choice:
    """Measure more and more copies until that does not pay, or is not possible.

    measure: what so many copies do; None: they do not fit.
    """
    levels: list[PackingLevel] = []
    for copies in _counts(limit.copies):
        level = measure(copies)
        if level is None:
            return _choice(levels, levels[-1], f"{copies} do not fit side by side")
        levels.append(level)
        if len(levels) > 1 and level.together < (1 + MIN_GAIN) * levels[-2].together:
            gain = level.together / levels[-2].together - 1
            why = f"{copies} do {gain:+.0%} together, and {MIN_GAIN:.0%} would pay"
            return _choice(levels, levels[-2], why)
    return _choice(levels, levels[-1], limit.why)


def _counts(most: int) -> Iterator[int]:
    """1, 2, 4 and so on, and the most at the end."""
    copies = 1
    while copies < most:
        yield copies
        copies *= 2
    yield most


def _choice(levels: list[PackingLevel], best: PackingLevel, why: str) -> Choice:
    return Choice(tuple(levels), best.copies, why)
