"""Population based bandits (Parker-Holder et al. 2020, "Provably efficient online hyperparameter optimization")."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from search.pruning.axes import Axis
from search.pruning.gaussian_process import Array, TimeVaryingProcess
from search.pruning.population import Params, Step

MAX_STEPS = 200
"""The latest ones that the process is fitted to: older ones are forgotten anyway."""
NUM_CANDIDATES = 1000
NUM_NEIGHBOURS = 200
NEIGHBOURHOODS = (0.1, 0.03, 0.01)
"""Standard deviations, in the unit box, in which the best candidate is improved."""


class PopulationBandit:
    """Values at which the upper confidence bound of the gain in the coming generation is highest.

    The gain is the sum over the objectives, each by its standard deviation among the gains seen. Members chosen before,
    and those that go on with their values, count as known to the deviation, so that a batch spreads (Desautels et al.
    2014, GP-BUCB). Before there is any gain to learn from, values spread and nothing else.
    """

    def __init__(self, axes: Sequence[Axis], seed: int) -> None:
        self._axes, self._seed = axes, seed

    def explore(
        self, takers: Mapping[int, Params], others: Sequence[Params], generation: int, past: Sequence[Step]
    ) -> dict[int, Params]:
        """One after the other, by number: the same again for the same seed and past."""
        random = np.random.default_rng((self._seed, generation))
        process = self._process(_latest(past))
        chosen = self._positions(others)
        explored: dict[int, Params] = {}
        for number, params in sorted(takers.items()):
            best = self._highest_bound(process, generation + 1, chosen, random)
            chosen = np.concatenate([chosen, best[None]])
            moved = {axis.path: axis.at(position) for axis, position in zip(self._axes, best.tolist(), strict=True)}
            explored[number] = {**params, **moved}
        return explored

    def _positions(self, points: Sequence[Params]) -> Array:
        """(n, d)"""
        rows = [[axis.position(params[axis.path]) for axis in self._axes] for params in points]
        return np.array(rows, dtype=np.float64).reshape(len(points), len(self._axes))

    def _process(self, past: Sequence[Step]) -> TimeVaryingProcess:
        times = np.array([step.generation for step in past], dtype=np.float64)
        return TimeVaryingProcess.fitted(self._positions([step.params for step in past]), times, _values(past))

    def _highest_bound(
        self, process: TimeVaryingProcess, time: int, chosen: Array, random: np.random.Generator
    ) -> Array:
        """(d,) by random search, then nearer and nearer to the best one."""
        # β as in the authors' code: it grows with the logarithm of what was observed.
        width = math.sqrt(0.2 + max(0.0, math.log(0.4 * max(len(process.values), 1))))

        def best(positions: Array) -> Array:
            bounds = process.mean(positions, time) + width * process.deviation(positions, time, chosen)
            highest: Array = positions[np.argmax(bounds)]
            return highest

        found = best(random.random((NUM_CANDIDATES, len(self._axes))))
        for radius in NEIGHBOURHOODS:
            near = found + radius * random.standard_normal((NUM_NEIGHBOURS, len(self._axes)))
            found = best(np.concatenate([found[None], near.clip(0.0, 1.0)]))
        return found


def _latest(past: Sequence[Step]) -> list[Step]:
    return sorted(past, key=lambda step: step.generation)[-MAX_STEPS:]


def _values(past: Sequence[Step]) -> Array:
    """(n,) gains of all objectives together, of mean 0 and variance 1."""
    if not past:
        return np.zeros(0)
    gains = np.array([step.gains for step in past], dtype=np.float64)  # (n, m)
    together = (gains / _deviation(gains)).sum(axis=1)
    standard: Array = (together - together.mean()) / _deviation(together)
    return standard


def _deviation(values: Array) -> Array:
    """Along the first axis; 1 where nothing deviates."""
    deviation = values.std(axis=0)
    return np.where(deviation > 0, deviation, 1.0)
