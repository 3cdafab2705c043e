"""The samplers by the name that a sweep file gives.

name     learns from           1 objective  2 or 3  constraints  conditional values     a trial that was pruned
tpe      all trials            yes          yes     yes          in groups of their own  is worse than complete ones
nsga2    its parents           yes          yes     yes          drawn at random         is no parent
nsga3    its parents           yes          yes     yes          drawn at random         is no parent
gp       complete trials       yes          yes     yes          drawn at random         is left out
cmaes    its last generations  yes          no      no           drawn at random         counts by its last value
qmc      nothing               yes          yes     no           have points of their own
random   nothing               yes          yes     no           yes
grid     what has been tried   yes          yes     no           yes

A sampler that takes no constraints goes where they are violated as gladly as elsewhere; such trials are left out of the
front and of the ranking all the same. Optuna's cmaes needs the package of that name.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    RandomSampler,
    TPESampler,
)

from search.sampling.grid import GridSampler
from search.sampling.qmc import SobolSampler
from search.spec.sweep_spec import SweepSpec

_NUM_GENERATIONS = 10
_SMALLEST_POPULATION, _LARGEST_POPULATION = 8, 50
_NUM_DRAWS = 5
"""So often each is asked for a point that has not been tried."""
_FEW_POINTS = 10_000


@dataclass(frozen=True)
class Draw:
    """The values of a trial are drawn; again: so many times before they were those of an earlier one."""

    number: int
    again: int = 0


def sampler_for(spec: SweepSpec, number: int, again: int = 0) -> BaseSampler:
    """The sampler for one trial.

    Its random numbers follow from the sweep's seed, the trial's number and how often its values were drawn before, and
    all that it remembers is in the study: a sweep that was broken off draws the same trial again, and no two trials
    have the same random numbers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return SAMPLERS[spec.search.sampler](spec, Draw(number, again))


def samplers_for(spec: SweepSpec, number: int) -> Iterator[BaseSampler]:
    """Whom to ask for a point that no earlier trial has, one after the other: the sweep's sampler, chance, and where
    the space has few points the first one that is left."""
    for again in range(_NUM_DRAWS):
        yield sampler_for(spec, number, again)
    for again in range(_NUM_DRAWS, 2 * _NUM_DRAWS):
        yield random_sampler(spec, Draw(number, again))
    if (size := spec.parsed_space.size()) is not None and size <= _FEW_POINTS:
        yield GridSampler(spec.parsed_space)


def generation_attr(spec: SweepSpec, num_complete: int) -> dict[str, int]:
    """What a trial drawn after so many complete ones says of its generation, for samplers that have generations."""
    genetic = {"nsga2": NSGAIISampler, "nsga3": NSGAIIISampler}.get(spec.search.sampler)
    return {f"{genetic.__name__}:generation": num_complete // population_size(spec)} if genetic else {}


def population_size(spec: SweepSpec) -> int:
    """Optuna's 50 would leave no more than chance to a sweep of 100 trials."""
    return min(max(spec.search.trials // _NUM_GENERATIONS, _SMALLEST_POPULATION), _LARGEST_POPULATION)


def _seed(spec: SweepSpec, draw: Draw) -> int:
    # A sweep that learns from another of the same seed must not draw the other's trials again.
    more = [len(spec.search.warm_start), draw.again] if draw.again else [len(spec.search.warm_start)]
    words = (spec.search.seed, draw.number, *(more if any(more) else []))
    return int(np.random.SeedSequence(words).generate_state(1)[0])


def _tpe(spec: SweepSpec, draw: Draw) -> BaseSampler:
    # multivariate and group: loss weights act together, and conditional ones only among their own kind.
    return TPESampler(seed=_seed(spec, draw), multivariate=True, group=True)


def _nsga2(spec: SweepSpec, draw: Draw) -> BaseSampler:
    return NSGAIISampler(seed=_seed(spec, draw), population_size=population_size(spec))


def _nsga3(spec: SweepSpec, draw: Draw) -> BaseSampler:
    return NSGAIIISampler(seed=_seed(spec, draw), population_size=population_size(spec))


def _gp(spec: SweepSpec, draw: Draw) -> BaseSampler:
    return GPSampler(seed=_seed(spec, draw), warn_independent_sampling=False)


def _cmaes(spec: SweepSpec, draw: Draw) -> BaseSampler:
    # Without the pruned trials a population would be complete only after many times its size.
    return CmaEsSampler(seed=_seed(spec, draw), consider_pruned_trials=True, warn_independent_sampling=False)


def _qmc(spec: SweepSpec, draw: Draw) -> BaseSampler:
    return SobolSampler(spec.parsed_space, spec.search.seed, draw.number)


def random_sampler(spec: SweepSpec, draw: Draw) -> BaseSampler:
    """Learns nothing, and so takes every point that the space has."""
    return RandomSampler(seed=_seed(spec, draw))


def _grid(spec: SweepSpec, draw: Draw) -> BaseSampler:
    return GridSampler(spec.parsed_space)


SAMPLERS: dict[str, Callable[[SweepSpec, Draw], BaseSampler]] = {
    "tpe": _tpe,
    "nsga2": _nsga2,
    "nsga3": _nsga3,
    "gp": _gp,
    "cmaes": _cmaes,
    "qmc": _qmc,
    "random": random_sampler,
    "grid": _grid,
}
