"""Quasi-random sampling: points that fill the space more evenly than chance does.

Optuna's own QMCSampler counts its points in the study, knows the space only from the first trial, and leaves to chance
what that trial did not have. Here the point follows from the trial's number, and every dimension has its coordinate.
"""

import math
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from search.spec.ranges import Choice, Fixed, IntRange, Searched
from search.spec.space import Space


class SobolSampler(BaseSampler):
    """One point of a scrambled Sobol sequence (Sobol 1967, scrambled as Owen 1998)."""

    def __init__(self, space: Space, seed: int, number: int) -> None:
        """seed: of the sequence; number: of the point in it."""
        self._ranges = {d.path: d.range for d in space.dimensions if not isinstance(d.range, Fixed)}
        self._seed, self._number = seed, number

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        from scipy.stats import qmc  # slow to import, and nobody else needs it

        sequence = qmc.Sobol(len(self._ranges), scramble=True, rng=self._seed)
        if self._number:  # it cannot go forward by none
            sequence.fast_forward(self._number)
        point = sequence.random(1)[0]
        fractions = dict(zip(self._ranges, point, strict=True))
        return _at(self._ranges[param_name], float(fractions[param_name]))


def _at(range_: Searched, fraction: float) -> Any:
    """The value that has this fraction, in [0, 1), of the range below it."""
    if isinstance(range_, Choice):
        return range_.options[int(fraction * len(range_.options))]
    if range_.step is not None and not range_.log:
        num_values = 1 + round((range_.high - range_.low) / range_.step)
        return range_.typed(float(f"{range_.low + range_.step * int(fraction * num_values):.12g}"))
    low, high = float(range_.low), float(range_.high + isinstance(range_, IntRange))
    if range_.log:
        return range_.typed(min(math.exp(math.log(low) + fraction * math.log(high / low)), range_.high))
    return range_.typed(low + fraction * (high - low))
