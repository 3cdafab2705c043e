"""How much each parameter matters for an objective, by Optuna's evaluators.

Optuna measures along the values as they are written: on a range from 1 to 300 on a log scale all values below 30 would
be a tenth of it, and count as such. So its study is given positions on each range's own scale.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)

from analysis.effects.resampling import resamples
from analysis.effects.sample import Sample, Samples
from analysis.effects.scaled_space import Array, Axis, ScaledSpace
from search.records import State, Trial

FEWEST_TRIALS, FEWEST_PER_PARAMETER = 10, 2
NUM_FANOVA_RESAMPLES, MOST_FANOVA_TRIALS, NUM_TREES = 5, 150, 8
"""fANOVA of 150 trials takes a tenth of a second, of 1,000 one and a half."""
NUM_PED_RESAMPLES, MOST_PED_TRIALS = 10, 500
BEST, FEWEST_BEST = 0.1, 5
"""The trials that PED-ANOVA looks for the making of: its authors' tenth, and Optuna's advice on how few."""
GIVEN_UP: tuple[State, ...] = ("pruned", "diverged", "collapsed")


@dataclass(frozen=True)
class Importance:
    """Of one parameter: the mean over the resamples, the lowest and the highest of them."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Importances:
    """By path; the means are shares of 1."""

    by_path: dict[str, Importance]
    num_trials: int
    num_best: int = 0
    """PED-ANOVA: how many of the trials count as the best."""


def enough(num_trials: int, num_parameters: int) -> bool:
    """Whether importances of so many parameters from so many trials are more than noise."""
    return num_trials >= max(FEWEST_TRIALS, FEWEST_PER_PARAMETER * num_parameters)


def fanova(space: ScaledSpace, sample: Sample, objective: str) -> Importances | None:
    """Each parameter's share in what of an objective's variance over the whole space single parameters make.

    Parameters with a condition are left out: not all trials have them. None: too few trials, or all of one value.
    Source: Hutter et al. 2014, "An efficient approach for assessing hyperparameter importance".
    """
    columns = [number for number, axis in enumerate(space.axes) if not axis.when]
    values = sample.values[objective]
    if not columns or not enough(len(sample), len(columns)) or np.ptp(values) == 0:
        return None
    axes = [space.axes[column] for column in columns]
    found = [
        _evaluated(FanovaImportanceEvaluator(n_trees=NUM_TREES, seed=number), axes, points, drawn_values)
        for number, (points, drawn_values) in enumerate(
            _drawn(sample.points[:, columns], values, NUM_FANOVA_RESAMPLES, MOST_FANOVA_TRIALS)
        )
    ]
    return Importances(_gathered(axes, found), len(sample))


def ped_anova(samples: Samples, objective: str, direction: str) -> Importances | None:
    """By which parameters the best trials differ from all others that ended, those with a condition too.

    Trials that were given up count as not among the best. None: too few trials, or too few complete ones.
    Sources: Watanabe et al. 2023, "PED-ANOVA"; for conditions, the method's extension of 2026 that Optuna has.
    """
    space, end = samples.space, samples.end
    given_up = [trial for trial in samples.usable if trial.state.state in GIVEN_UP]
    num_trials = len(end) + len(given_up)
    num_best = min(max(FEWEST_BEST, round(BEST * num_trials)), len(end) // 2)
    if num_best < FEWEST_BEST or not enough(num_trials, len(space.axes)) or np.ptp(end.values[objective]) == 0:
        return None
    losses = end.values[objective] * (-1 if direction == "max" else 1)
    worst = np.full(len(given_up), losses.max() + np.ptp(losses))
    points = np.concatenate([end.points, _points_of(space, given_up)])
    drawn = _drawn(points, np.concatenate([losses, worst]), NUM_PED_RESAMPLES, MOST_PED_TRIALS)
    evaluator = PedAnovaImportanceEvaluator(target_quantile=num_best / num_trials)
    found = [_evaluated(evaluator, space.axes, *one) for one in drawn]
    return Importances(_gathered(space.axes, found), num_trials, num_best)


def _points_of(space: ScaledSpace, trials: Sequence[Trial]) -> Array:
    return space.positions(trial.start.params for trial in trials)


def _drawn(points: Array, values: Array, num_resamples: int, most: int) -> Iterator[tuple[Array, Array]]:
    for indices in resamples(len(values), num_resamples, most):
        yield points[indices], values[indices]


def _evaluated(
    evaluator: BaseImportanceEvaluator, axes: Sequence[Axis], points: Array, values: Array
) -> dict[str, float]:
    if np.ptp(values) == 0:
        return {}
    with _quiet():
        study = optuna.create_study(direction="minimize")
        study.add_trials([_as_trial(axes, point, value) for point, value in zip(points, values.tolist(), strict=True)])
        return get_param_importances(study, evaluator=evaluator)


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna says nothing of studies that are made here; what it says of its caller's own stays as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            # A resample can hold one trial with a rare option: how far the resamples disagree is shown.
            warnings.filterwarnings("ignore", "Some regimes", UserWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _as_trial(axes: Sequence[Axis], point: NDArray[np.float64], value: float) -> optuna.trial.FrozenTrial:
    found = {axis: position for axis, position in zip(axes, point.tolist(), strict=True) if position == position}
    return optuna.trial.create_trial(
        params={axis.path: int(position) if axis.options else position for axis, position in found.items()},
        distributions={axis.path: _distribution(axis) for axis in found},
        value=value,
    )


def _distribution(axis: Axis) -> BaseDistribution:
    return CategoricalDistribution(range(len(axis.options))) if axis.options else FloatDistribution(0, 1)


def _gathered(axes: Sequence[Axis], found: Sequence[dict[str, float]]) -> dict[str, Importance]:
    """Over the resamples; one in which a parameter did not come up says nothing of it."""
    by_path = {}
    for axis in axes:
        values = [float(one[axis.path]) for one in found if axis.path in one]
        if values:
            by_path[axis.path] = Importance(sum(values) / len(values), min(values), max(values))
    return by_path
