"""How population based training moves on from a donor's values (Jaderberg et al. 2017, "explore")."""

from collections.abc import Mapping, Sequence

import numpy as np

from search.pruning.axes import Axis
from search.pruning.population import Params, Step

FACTORS = (0.8, 1.2)
RESAMPLED = 0.25
"""Probability with which a value is drawn anew from its range."""


class Perturbation:
    """Each value times 0.8 or 1.2, at most to the end of its range; one in four is drawn anew, evenly on its scale."""

    def __init__(self, axes: Sequence[Axis], seed: int) -> None:
        self._axes, self._seed = axes, seed

    def explore(
        self, takers: Mapping[int, Params], others: Sequence[Params], generation: int, past: Sequence[Step]
    ) -> dict[int, Params]:
        """Of each member for itself: the same again for the same seed, generation and number."""
        return {number: self._perturbed(params, generation, number) for number, params in takers.items()}

    def _perturbed(self, params: Params, generation: int, number: int) -> Params:
        # The fourth number sets it apart from the draw of the donor.
        random = np.random.default_rng((self._seed, generation, number, 1))
        moved = {}
        for axis in self._axes:
            anew, factor, position = random.random(), FACTORS[int(random.integers(2))], random.random()
            value = params[axis.path] * factor
            moved[axis.path] = axis.at(position) if anew < RESAMPLED else axis.clipped(value)
        return {**params, **moved}
