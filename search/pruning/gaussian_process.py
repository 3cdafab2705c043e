"""A Gaussian process over positions in a box and time, which forgets (Bogunovic et al. 2016, TV-GP-UCB)."""

from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LENGTHS = (0.1, 0.2, 0.4, 0.8)
"""Over which values in the unit box go together."""
FORGETTING = (0.0, 0.05, 0.2, 0.5)
NOISES = (0.03, 0.1, 0.3, 1.0)
"""Variances, where the values' own is 1."""


@dataclass(frozen=True)
class TimeVaryingProcess:
    """k((x,t), (x',t')) = exp(−|x−x'|² / 2ℓ²) · (1−ε)^(|t−t'|/2), with the values observed under noise σ²."""

    positions: Array
    """(n, d) in the unit box."""
    times: Array
    """(n,)"""
    values: Array
    """(n,) of mean 0 and variance 1."""
    length: float = 0.4
    forgetting: float = 0.05
    noise: float = 0.1

    @classmethod
    def fitted(cls, positions: Array, times: Array, values: Array) -> Self:
        """With those of a grid of hyperparameters under which the values are the likeliest."""
        grid = product(LENGTHS, FORGETTING, NOISES) if len(values) else [()]
        return max((cls(positions, times, values, *chosen) for chosen in grid), key=lambda process: process.likelihood)

    @property
    def likelihood(self) -> float:
        """log p(values), without its constant (Rasmussen and Williams 2006, algorithm 2.1)."""
        factor = self._factor(self.positions, self.times)
        whitened = np.linalg.solve(factor, self.values)
        return float(-whitened @ whitened / 2 - np.log(np.diag(factor)).sum())

    def mean(self, positions: Array, time: float) -> Array:
        """(k,) what is expected at `positions` (k, d)."""
        factor = self._factor(self.positions, self.times)
        cross = self._covariance(self.positions, self.times, positions, np.full(len(positions), time))
        mean: Array = np.linalg.solve(factor, cross).T @ np.linalg.solve(factor, self.values)
        return mean

    def deviation(self, positions: Array, time: float, chosen: Array) -> Array:
        """(k,) standard deviation at `positions` (k, d), as if the values at `chosen` (c, d) were known then."""
        known = np.concatenate([self.positions, chosen])
        times = np.concatenate([self.times, np.full(len(chosen), time)])
        cross = self._covariance(known, times, positions, np.full(len(positions), time))
        explained = np.square(np.linalg.solve(self._factor(known, times), cross)).sum(axis=0)
        deviation: Array = np.sqrt(np.maximum(1.0 - explained, 0.0))
        return deviation

    def _factor(self, positions: Array, times: Array) -> Array:
        """(n, n) Cholesky factor of the covariance of what is observed."""
        covariance = self._covariance(positions, times, positions, times)
        return np.linalg.cholesky(covariance + self.noise * np.eye(len(positions))).astype(np.float64, copy=False)

    def _covariance(self, positions: Array, times: Array, others: Array, other_times: Array) -> Array:
        squared = np.square(positions[:, None] - others[None]).sum(axis=2)  # (n, k)
        apart = np.abs(times[:, None] - other_times[None])
        covariance: Array = np.exp(-squared / (2 * self.length**2)) * (1 - self.forgetting) ** (apart / 2)
        return covariance
