"""The orders that trials can come in. Each gives keys by which the least comes first; rank.py settles what ties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.display import LABELS, listed
from models.evaluation import DIRECTIONS
from search.pareto import Points, minimised, pareto_ranks
from search.spec.constraints import Constraint


@dataclass(frozen=True)
class Candidates:
    """Trials that compare: the metrics of each, finite in every objective and in whatever else an order looks at."""

    metrics: Sequence[Mapping[str, float]]
    objectives: Mapping[str, str]

    @cached_property
    def points(self) -> Points:
        """(n, m), smaller is better."""
        return minimised(self.metrics, self.objectives)

    @cached_property
    def fronts(self) -> NDArray[np.int64]:
        """(n,) Pareto ranks."""
        return pareto_ranks(self.points)

    def values(self, name: str) -> Points:
        """(n,) of one metric, smaller is better."""
        values: Points = minimised(self.metrics, {name: DIRECTIONS[name]})[:, 0]
        return values


class Order(Protocol):
    """An order of trials; equal keys are told apart by Pareto front, objectives and trial number."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """That it looks at by name."""

    @property
    def bounds(self) -> tuple[Constraint, ...]:
        """What it asks a trial to reach."""

    def keys(self, candidates: Candidates) -> Points:
        """(n, k): the first column decides, then the next ones; smaller comes first."""

    @property
    def words(self) -> str:
        """What it goes by, as it can follow on `ordered by`; empty: by nothing but what settles ties."""


@dataclass(frozen=True)
class ParetoOrder:
    """By Pareto front, then by the objectives: what settles ties in every order, and here alone decides."""

    metrics = ()
    bounds = ()
    words = ""

    def keys(self, candidates: Candidates) -> Points:
        return np.zeros((len(candidates.metrics), 0))

    def __str__(self) -> str:
        return "pareto"


@dataclass(frozen=True)
class StepsOrder:
    """One thing after the other: `accuracy >= 0.8, then fid`."""

    steps: tuple[Constraint | str, ...]
    """A bound, which those that miss it come after, the nearest miss first; or a metric."""

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(step if isinstance(step, str) else step.metric for step in self.steps)

    @property
    def bounds(self) -> tuple[Constraint, ...]:
        return tuple(step for step in self.steps if isinstance(step, Constraint))

    def keys(self, candidates: Candidates) -> Points:
        columns = [
            candidates.values(step)
            if isinstance(step, str)
            else np.array([step.violation(metrics) for metrics in candidates.metrics])
            for step in self.steps
        ]
        return np.stack(columns, axis=1)

    @property
    def words(self) -> str:
        return ", then ".join(
            _label(step) if isinstance(step, str) else f"{step} (what misses it comes after, the nearest miss first)"
            for step in self.steps
        )

    def __str__(self) -> str:
        return ", then ".join(map(str, self.steps))


@dataclass(frozen=True)
class WeightedOrder:
    """By a weighted sum: `fid: 1, accuracy: 2`. Each metric goes from 0 (best) to 1 (worst)."""

    weights: tuple[tuple[str, float], ...]
    bounds = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.weights)

    def keys(self, candidates: Candidates) -> Points:
        columns = [weight * _scaled(candidates.values(name)) for name, weight in self.weights]
        sums: Points = np.stack(columns, axis=1).sum(axis=1, keepdims=True)
        return sums

    @property
    def words(self) -> str:
        terms = listed(f"{weight:g} × {_label(name)}" for name, weight in self.weights)
        return (
            f"the {'sum' if len(self.weights) > 1 else 'value'} of {terms}, each scaled from 0 for the best ranked "
            "trial to 1 for the worst, so that one very bad trial makes the others look alike"
        )

    def __str__(self) -> str:
        return ", ".join(f"{name}: {weight:g}" for name, weight in self.weights)


@dataclass(frozen=True)
class KneeOrder:
    """By Pareto front, and inside it by the distance from the plane through the front's extremes, towards the ideal.

    The first is the knee: the point where giving up a little of one objective gains the most of the others. Objectives
    are scaled to the span of the (first) front; fronts behind it are measured by the same plane. Where the extremes
    span no plane that rises in every objective, all objectives weigh the same.
    Source: Das 1999, "On characterizing the 'knee' of the Pareto curve based on Normal-Boundary Intersection".
    """

    metrics = ()
    bounds = ()
    words = (
        "Pareto front, and inside it by the distance from the line or plane through the front's extremes towards the "
        "ideal, objectives scaled to the front's span: the first is its knee (Das 1999)"
    )

    def keys(self, candidates: Candidates) -> Points:
        points, fronts = candidates.points, candidates.fronts
        front = points[fronts == 0]  # (f, m)
        ideal, span = front.min(axis=0), np.ptp(front, axis=0)
        scaled = (points - ideal) / np.where(span > 0, span, 1.0)  # (n, m)
        height = (scaled * _normal(scaled[fronts == 0])).sum(axis=1)  # (n,) the lower, the farther below the plane
        return np.stack([fronts.astype(np.float64), height], axis=1)

    def __str__(self) -> str:
        return "knee"


def _normal(front: Points) -> Points:
    """(m,) normal of the plane through the best of the (f, m) scaled points by each objective, without its length."""
    best_first = (np.lexsort((*front.T[::-1], column)) for column in front.T)  # equal ones by the other objectives
    extremes = front[[order[0] for order in best_first]]  # (m, m)
    try:
        normal = np.linalg.solve(extremes, np.ones(len(extremes))).astype(np.float64)
    except np.linalg.LinAlgError:
        return np.ones(len(extremes))
    return normal if (normal > 0).all() else np.ones(len(extremes))


def _scaled(values: Points) -> Points:
    """(n,) from 0 for the least to 1 for the greatest; all 0 where they are equal."""
    span = float(np.ptp(values))
    scaled: Points = (values - values.min()) / (span if span > 0 else 1.0)
    return scaled


def _label(name: str) -> str:
    return LABELS.get(name, name)
