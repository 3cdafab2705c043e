"""What an objective would be at any point of the space, by forests fitted to trials; and what it is on average along
one parameter, or two.

The average goes over points drawn evenly from the space, not over the trials: a sampler does not look everywhere alike.
Sources: Breiman 2001, "Random forests"; Friedman 2001, "Greedy function approximation" (partial dependence); Hutter et
al. 2014, "An efficient approach for assessing hyperparameter importance", whose marginals these are.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from analysis.effects.resampling import resamples, thinned
from analysis.effects.scaled_space import Array, ScaledSpace

NUM_RESAMPLES, NUM_TREES, MIN_LEAF = 10, 16, 3
MOST_TRIALS = 1000
NUM_DRAWN = 256
NUM_STEPS, NUM_PAIR_STEPS = 17, 12
EXPLAINS = 0.1
"""R² from which on a forest is worth looking at."""


@dataclass(frozen=True)
class Surrogate:
    """A forest for each resample of the trials."""

    space: ScaledSpace
    forests: tuple[RandomForestRegressor, ...]
    explained: float
    """R² on trials that a forest was not fitted to: 1 is all of the variance, 0 and less no better than the mean."""

    def predicted(self, points: Array) -> Array:
        """(r, n) values at (n, d) points, by each forest."""
        features = self.space.features(points)
        return np.stack([forest.predict(features) for forest in self.forests])


@dataclass(frozen=True)
class Marginal:
    """An objective along one parameter, averaged over all others; lowest and highest over the resamples."""

    positions: Array
    mean: Array
    low: Array
    high: Array

    @property
    def span(self) -> float:
        """How far apart the best and the worst value of the parameter are."""
        return float(np.ptp(self.mean))


@dataclass(frozen=True)
class Pair:
    """An objective over two parameters, averaged over all others."""

    first: Array
    """(a,) positions."""
    second: Array
    """(b,) positions."""
    mean: Array
    """(b, a) values."""
    interaction: float
    """Share of their variance that is not a sum of an effect of the one and an effect of the other."""


def fit_surrogate(space: ScaledSpace, points: Array, values: Array) -> Surrogate:
    """Fit to the (n,) values of trials at (n, d) points."""
    features = space.features(points)
    total, count = np.zeros(len(values)), np.zeros(len(values))
    forests = []
    for number, drawn in enumerate(resamples(len(values), NUM_RESAMPLES, MOST_TRIALS)):
        forest = RandomForestRegressor(NUM_TREES, min_samples_leaf=MIN_LEAF, random_state=number)
        forests.append(forest.fit(features[drawn], values[drawn]))
        left_out = np.setdiff1d(np.arange(len(values)), drawn)
        judged = left_out[thinned(len(left_out), MOST_TRIALS)]
        if len(judged):
            total[judged] += forest.predict(features[judged])
            count[judged] += 1
    known = count > 0
    return Surrogate(space, tuple(forests), _explained(total[known] / count[known], values[known]))


def _explained(predicted: Array, true: Array) -> float:
    variance = true.var() if len(true) else 0.0
    return 1 - float(np.mean((predicted - true) ** 2) / variance) if variance else 0.0


def marginal(surrogate: Surrogate, column: int) -> Marginal:
    """Along parameter number `column`, where it exists."""
    steps = _steps(surrogate.space, column, NUM_STEPS)
    means = _averaged(surrogate, (column,), steps[:, None])  # (r, s)
    return Marginal(steps, means.mean(axis=0), means.min(axis=0), means.max(axis=0))


def pair(surrogate: Surrogate, first: int, second: int) -> Pair:
    """Over parameters number `first` and `second`, where both exist."""
    across, up = (_steps(surrogate.space, column, NUM_PAIR_STEPS) for column in (first, second))
    grid = np.stack([axis.ravel() for axis in np.meshgrid(across, up)], axis=1)  # (b·a, 2)
    mean = _averaged(surrogate, (first, second), grid).mean(axis=0).reshape(len(up), len(across))
    summed = mean.mean(axis=0, keepdims=True) + mean.mean(axis=1, keepdims=True) - mean.mean()
    variance = float(mean.var())
    return Pair(across, up, mean, float(np.mean((mean - summed) ** 2)) / variance if variance else 0.0)


def _averaged(surrogate: Surrogate, columns: tuple[int, ...], settings: Array) -> Array:
    """(r, s) predictions with these columns set to each of the (s, c) settings, averaged over points of the space."""
    space = surrogate.space
    drawn = space.drawn(NUM_DRAWN, seed=0)
    points = np.repeat(drawn[None], len(settings), axis=0)  # (s, n, d)
    points[:, :, list(columns)] = settings[:, None]
    flat = space.with_conditions(points.reshape(-1, points.shape[2]))
    exists = ~np.isnan(flat[:, list(columns)]).any(axis=1).reshape(len(settings), -1)  # (s, n)
    predicted = surrogate.predicted(flat).reshape(len(surrogate.forests), *exists.shape)
    # Two parameters that never exist together have no average: nan.
    with np.errstate(invalid="ignore"):
        averaged: Array = (predicted * exists).sum(axis=2) / exists.sum(axis=1)
    return averaged


def _steps(space: ScaledSpace, column: int, num_steps: int) -> Array:
    options = space.axes[column].options
    return np.arange(len(options), dtype=np.float64) if options else np.linspace(0, 1, num_steps)
