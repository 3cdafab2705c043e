"""Pruned trials that may have been worth their while, judged by the complete trials most like them.

Alike are trials with near values of their parameters and near results after as many epochs. On the 208 recorded
learning curves of tests/benchmarks, pruned by pareto-asha, 3 of the 16 trials named in this way would really have ended
on the front; of all 183 pruned ones it were 10.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from analysis.effects.sample import Samples
from analysis.effects.scaled_space import Array, ScaledSpace
from search.pareto import best_first, minimised, pareto_ranks
from search.records import Trial
from search.spec.constraints import Constraint

NUM_NEIGHBOURS = 5
FEWEST_COMPLETE = 10
Stages = dict[float, list[float]]
"""By epoch, where all objectives were measured and finite, their values."""


@dataclass(frozen=True)
class Doubt:
    """A pruned trial that would have ended on the Pareto front or beyond it, had it ended like its neighbours."""

    trial: Trial
    neighbours: tuple[Trial, ...]
    """The complete trials most like it, nearest first."""
    predicted: dict[str, float]
    """Mean of the neighbours' final values, by objective."""


@dataclass(frozen=True)
class Doubts:
    """What is to be said against a sweep's pruning."""

    found: tuple[Doubt, ...]
    """Best predicted first."""
    num_judged: int
    """Pruned trials that had neighbours to be judged by."""
    errors: dict[str, float]
    """Mean absolute error of such predictions, by objective, of complete trials from the other complete ones."""


def doubts(samples: Samples, objectives: Mapping[str, str], constraints: Collection[Constraint] = ()) -> Doubts | None:
    """Judge the pruned trials; None: too few trials are complete, or none was pruned that can be judged."""
    complete = [_Staged(trial, _stages(trial, objectives)) for trial in samples.end.trials]
    pruned = [_Staged(t, _stages(t, objectives)) for t in samples.usable if t.state.state == "pruned"]
    by_epoch: dict[float, list[_Staged]] = {}
    for one in pruned:
        if one.stages:
            by_epoch.setdefault(max(one.stages), []).append(one)
    judged: list[Doubt] = []
    missed: list[Array] = []
    for epoch, some in sorted(by_epoch.items()):
        alike = [one for one in complete if epoch in one.stages]
        if len(alike) >= FEWEST_COMPLETE:
            judged += _judged(samples.space, epoch, some, alike, objectives)
            missed.append(_missed(samples.space, epoch, alike, objectives))
    if not judged:
        return None
    errors = dict(zip(objectives, np.concatenate(missed).mean(axis=0).tolist(), strict=True))
    return Doubts(_on_the_front(judged, samples, objectives, constraints), len(judged), errors)


@dataclass(frozen=True)
class _Staged:
    trial: Trial
    stages: Stages


def _stages(trial: Trial, objectives: Mapping[str, str]) -> Stages:
    stages = {
        round(evaluation.epoch, 6): [evaluation.metrics.get(name, math.nan) for name in objectives]
        for evaluation in trial.evaluations
    }
    return {epoch: values for epoch, values in stages.items() if all(map(math.isfinite, values))}


def _judged(
    space: ScaledSpace,
    epoch: float,
    pruned: Sequence[_Staged],
    complete: Sequence[_Staged],
    objectives: Mapping[str, str],
) -> list[Doubt]:
    model = NearestNeighbors(n_neighbors=NUM_NEIGHBOURS).fit(_coordinates(space, epoch, complete, complete))
    nearest = model.kneighbors(_coordinates(space, epoch, pruned, complete), return_distance=False)  # (n, k)
    finals = _finals(complete, objectives)
    return [
        Doubt(
            one.trial,
            tuple(complete[index].trial for index in indices),
            dict(zip(objectives, finals[indices].mean(axis=0).tolist(), strict=True)),
        )
        for one, indices in zip(pruned, nearest.tolist(), strict=True)
    ]


def _missed(space: ScaledSpace, epoch: float, complete: Sequence[_Staged], objectives: Mapping[str, str]) -> Array:
    """(n, m) errors when each complete trial is predicted from the others."""
    model = NearestNeighbors(n_neighbors=NUM_NEIGHBOURS).fit(_coordinates(space, epoch, complete, complete))
    finals = _finals(complete, objectives)
    nearest = model.kneighbors(return_distance=False)  # (n, k), none its own neighbour
    missed: Array = np.abs(finals[nearest].mean(axis=1) - finals)
    return missed


def _coordinates(space: ScaledSpace, epoch: float, staged: Sequence[_Staged], complete: Sequence[_Staged]) -> Array:
    """(n, c): the point of the space and the values after that epoch, which the complete trials span from 0 to 1.

    Two options are as far apart as the ends of a range.
    """
    features = space.features(space.positions(one.trial.start.params for one in staged))
    for axis, columns in zip(space.axes, space.features_of, strict=True):
        if axis.options:
            features[:, columns] /= math.sqrt(2)
    known = np.array([one.stages[epoch] for one in complete])
    span = np.ptp(known, axis=0)
    values = (np.array([one.stages[epoch] for one in staged]) - known.min(axis=0)) / np.where(span > 0, span, 1.0)
    return np.concatenate([features, values], axis=1)


def _finals(complete: Sequence[_Staged], objectives: Mapping[str, str]) -> Array:
    return np.array([[one.trial.final.metrics[name] for name in objectives] for one in complete if one.trial.final])


def _on_the_front(
    judged: Sequence[Doubt], samples: Samples, objectives: Mapping[str, str], constraints: Collection[Constraint]
) -> tuple[Doubt, ...]:
    """Those that no complete trial dominates, best first; trials that miss a constraint, as expected or for sure, do
    not count."""
    known = [trial.final.metrics for trial in samples.end.trials if trial.final]
    finals = [metrics for metrics in known if all(one.met(metrics) for one in constraints)]
    on_objectives = [one for one in constraints if one.metric in objectives]
    judged = [doubt for doubt in judged if all(one.met(doubt.predicted) for one in on_objectives)]
    reached = minimised(finals, objectives)
    front = reached[pareto_ranks(reached) == 0]
    predicted = minimised([doubt.predicted for doubt in judged], objectives)
    dominated = [bool(((front <= point).all(axis=1) & (front < point).any(axis=1)).any()) for point in predicted]
    kept = [doubt for doubt, worse in zip(judged, dominated, strict=True) if not worse]
    return tuple(kept[index] for index in best_first(minimised([doubt.predicted for doubt in kept], objectives)))
