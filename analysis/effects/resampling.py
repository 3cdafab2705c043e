"""Which trials a model is fitted to: all, a part of very many, or bootstrap resamples; the same ones each time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def resamples(num_trials: int, num_resamples: int, most: int) -> Iterator[Indices]:
    """So many draws with replacement of as many trials as there are, but of at most `most`."""
    draw = np.random.default_rng(0)
    for _ in range(num_resamples):
        yield draw.integers(num_trials, size=min(num_trials, most))


def stratified_counts(groups: Indices, num_resamples: int) -> NDArray[np.float64]:
    """(r, n) how often each resample draws each trial, as many of each of the (n,) groups as there are."""
    draw = np.random.default_rng(0)
    counts = np.zeros((num_resamples, len(groups)))
    for group in np.unique(groups):
        (members,) = np.nonzero(groups == group)
        counts[:, members] = draw.multinomial(len(members), np.full(len(members), 1 / len(members)), num_resamples)
    return counts


def thinned(num_trials: int, most: int) -> Indices:
    """All trials, or `most` of them, evenly spread."""
    return np.linspace(0, num_trials - 1, min(num_trials, most)).astype(np.int64)
