"""Two groups of trials against each other: what a result is, and how the tests of a report are corrected together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

import numpy as np

from analysis.certainty.differences import (
    FEWEST_EACH,
    FEWEST_PAIRS,
    Difference,
    dominance_of_groups,
    dominance_of_pairs,
    holm,
    of_groups,
    of_pairs,
)
from analysis.certainty.intervals import LEVEL

How = Literal["pairs", "groups", "best"]
"""Pairs of equal searched values; two groups as they are; the best configuration of each."""


@dataclass(frozen=True)
class Result:
    """By one metric."""

    name: str
    way: str
    """min: lower is better."""
    counts: tuple[int, int]
    """Values of each side."""
    centres: tuple[float, float]
    """Of each side: its median, or what `of` says."""
    difference: Difference
    """First less second."""
    dominance: float | None = None
    """Cliff's δ, from −1 to 1: how often the first is better, less how often it is worse."""
    corrected: float | None = None
    """p, corrected for all tests of the report (Holm)."""
    of: str = ""
    """Whose values these are, where it is not the whole group: of which trials."""

    @property
    def told_apart(self) -> bool:
        """Whether the difference is more than chance explains, so far as it was asked."""
        # Where many values are equal, a test can find a difference whose interval begins at none.
        return self.difference.told_apart and (self.corrected is None or self.corrected < 1 - LEVEL)


@dataclass(frozen=True)
class Comparison:
    """One pair of groups, by every metric that they have in common."""

    about: str
    """What tells them apart, in words."""
    first: str
    second: str
    how: How
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    """What a reader must know beside the numbers."""


def paired(name: str, way: str, first: Sequence[float], second: Sequence[float]) -> Result | None:
    """Values (n,) and (n,) of pairs; None: too few."""
    if len(first) < FEWEST_PAIRS:
        return None
    one, other = np.array(first), np.array(second)
    dominance = _towards_better(dominance_of_pairs(one, other), way)
    return Result(name, way, (len(one), len(other)), _medians(first, second), of_pairs(one, other), dominance)


def unpaired(name: str, way: str, first: Sequence[float], second: Sequence[float]) -> Result | None:
    """Values (n,) and (m,) that have nothing to do with each other; None: too few."""
    if min(len(first), len(second)) < FEWEST_EACH:
        return None
    one, other = np.array(first), np.array(second)
    dominance = _towards_better(dominance_of_groups(one, other), way)
    return Result(name, way, (len(one), len(other)), _medians(first, second), of_groups(one, other), dominance)


def corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The same with every p corrected for all of them."""
    tests = [
        (place, result.name, result.difference.p)
        for place, comparison in enumerate(comparisons)
        for result in comparison.results
        if result.difference.p is not None
    ]
    p = dict(zip(((place, name) for place, name, _ in tests), holm([p for *_, p in tests]), strict=True))
    return tuple(
        replace(comparison, results=tuple(_with(result, p.get((place, result.name))) for result in comparison.results))
        for place, comparison in enumerate(comparisons)
    )


def _with(result: Result, p: float | None) -> Result:
    return replace(result, corrected=p)


def _medians(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    return median(first), median(second)


def _towards_better(dominance: float, way: str) -> float:
    return 0.0 - dominance if way == "min" else dominance
