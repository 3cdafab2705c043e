"""A sweep over recorded learning curves: what a way to search would have found, and what that would have cost.

Some workers, each with one trial, as in a real sweep: whoever ends an epoch first reports first, by the seconds that
were recorded. A proposed point stands for the nearest recorded configuration that has not been tried: the sampler is
told of that one, never of the point that it proposed.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from benchmarks.curves import Curve
from optuna.study import StudyDirection
from optuna.trial import TrialState as OptunaState

from search.pareto import Points, hypervolume, minimised, pareto_ranks
from search.pruning.build import build_pruner
from search.pruning.pruner import Prune, Pruner
from search.sampling.samplers import sampler_for
from search.spec.space import Assignment, Space
from search.spec.sweep_spec import SweepSpec

_DIRECTIONS = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}
BEHIND = 0.1
"""How far behind the front's worst values the reference point lies, as a part of the front's extent."""


@dataclass(frozen=True)
class Completion:
    """A trial that came to the end of its training."""

    num_epochs: int
    """That all trials together had taken by then."""
    metrics: Mapping[str, float]


class Proposals:
    """A sampler that can only choose among the recorded configurations."""

    def __init__(self, curves: Sequence[Curve], spec: SweepSpec) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        directions = [_DIRECTIONS[direction] for direction in spec.objectives.values()]
        self._spec, self._study = spec, optuna.create_study(directions=directions)
        self._left = {curve.number: curve for curve in curves}
        self._running: dict[int, optuna.Trial] = {}

    def __bool__(self) -> bool:
        return bool(self._left)

    def next(self) -> Curve:
        space = self._spec.parsed_space
        self._study.sampler = sampler_for(self._spec, len(self._study.get_trials(deepcopy=False)))
        wish = self._study.ask()
        point = space.suggest(wish)
        self._study.tell(wish, state=OptunaState.FAIL)  # samplers pass over these
        curve = min(self._left.values(), key=lambda curve: distance(space, point, curve.params))
        del self._left[curve.number]
        self._study.enqueue_trial(curve.params)
        self._running[curve.number] = self._study.ask()
        space.suggest(self._running[curve.number])
        return curve

    def tell(self, number: int, metrics: Mapping[str, float] | None) -> None:
        """metrics: of a complete trial; None: it was pruned or diverged."""
        trial = self._running.pop(number)
        if metrics is None:
            self._study.tell(trial, state=OptunaState.PRUNED)
        else:
            self._study.tell(trial, [metrics[name] for name in self._spec.objectives])


def simulate(curves: Sequence[Curve], spec: SweepSpec, num_epochs: int, num_workers: int) -> Iterator[Completion]:
    """Run trials of `num_epochs` until all curves have been tried; yields each that was not pruned."""
    proposals, pruner = Proposals(curves, spec), build_pruner(spec, num_epochs)
    trials: dict[int, Curve] = {}
    epochs = dict.fromkeys((curve.number for curve in curves), 0)
    reports: list[tuple[float, int]] = []  # when a running trial ends its next epoch, and its number
    now = 0.0
    for spent in itertools.count(1):
        while len(reports) < num_workers and proposals:
            curve = proposals.next()
            trials[curve.number] = curve
            heapq.heappush(reports, (now + _epoch_seconds(curve, 1), curve.number))
        if not reports:
            return
        now, number = heapq.heappop(reports)
        epochs[number] += 1
        curve, epoch = trials[number], epochs[number]
        if _goes_on(curve, epoch, pruner, spec.objectives):
            heapq.heappush(reports, (now + _epoch_seconds(curve, epoch + 1), number))
            continue
        complete = epoch == num_epochs and not curve.diverged
        proposals.tell(number, curve.at(epoch) if complete else None)
        if complete:
            yield Completion(spent, curve.at(epoch))


def _goes_on(curve: Curve, epoch: int, pruner: Pruner | None, objectives: Mapping[str, str]) -> bool:
    if epoch > len(curve.seconds):
        return False  # it has diverged in this epoch
    metrics = {name: curve.at(epoch)[name] for name in objectives}
    pruned = pruner is not None and isinstance(pruner.decide(curve.number, epoch, metrics), Prune)
    return not pruned and (epoch < len(curve.seconds) or bool(curve.diverged))


def _epoch_seconds(curve: Curve, epoch: int) -> float:
    """Of an epoch, from 1; one that diverges takes as long as the one before."""
    ends = (0.0, *curve.seconds)
    last = min(epoch, len(curve.seconds))
    return ends[last] - ends[last - 1]


def distance(space: Space, left: Assignment, right: Assignment) -> float:
    """Of two points: the sum over the dimensions, each of an extent of 1 (Gower 1971)."""
    return sum(_apart(one.range, left[one.path], right[one.path]) for one in space.dimensions)


def _apart(range_: Any, left: Any, right: Any) -> float:
    if not hasattr(range_, "low"):
        return float(left != right)
    if getattr(range_, "log", False):
        return abs(math.log(left / right)) / math.log(range_.high / range_.low)
    return float(abs(left - right) / (range_.high - range_.low))


def reference_point(points: Points) -> Points:
    """(m,) a little behind the worst values on the front of (n, m) minimised points."""
    front = points[pareto_ranks(points) == 0]
    worst, best = front.max(axis=0), front.min(axis=0)
    return np.asarray(worst + BEHIND * (worst - best))


def shares(found: Sequence[Completion], curves: Sequence[Curve], objectives: Mapping[str, str]) -> list[float]:
    """What the trials up to each of `found` dominate, as a part of what all complete curves do."""
    ends = minimised([curve.at(len(curve.seconds)) for curve in curves if not curve.diverged], objectives)
    reference = reference_point(ends)
    whole = hypervolume(ends, reference)
    points = minimised([one.metrics for one in found], objectives)
    return [hypervolume(points[: count + 1], reference) / whole for count in range(len(points))]
