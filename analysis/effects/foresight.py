"""How early the order at the end can be told: what every pruning of trials relies on."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from analysis.effects.resampling import thinned
from analysis.effects.sample import Sample
from analysis.effects.scaled_space import Array

FEWEST_COMPLETE = 10
MOST_STAGES = 40


@dataclass(frozen=True)
class Foresight:
    """Spearman's rank correlation between the values after an epoch and the final ones, with its 95 % interval."""

    epoch: float
    num_trials: int
    correlation: float
    low: float
    high: float


def foresight(end: Sample, objective: str) -> tuple[Foresight, ...]:
    """Of complete trials, epoch by epoch where enough of them were measured."""
    by_epoch: dict[float, list[tuple[float, float]]] = {}
    for trial, final in zip(end.trials, end.values[objective].tolist(), strict=True):
        for evaluation in trial.evaluations[:-1]:
            if math.isfinite(value := evaluation.metrics.get(objective, math.nan)):
                by_epoch.setdefault(round(evaluation.epoch, 6), []).append((value, final))
    epochs = [epoch for epoch in sorted(by_epoch) if len(by_epoch[epoch]) >= FEWEST_COMPLETE]
    chosen = [epochs[index] for index in thinned(len(epochs), MOST_STAGES)]
    at = {epoch: np.array(by_epoch[epoch]) for epoch in chosen}
    return tuple(_correlated(epoch, pairs) for epoch, pairs in at.items() if np.ptp(pairs, axis=0).all())


def _correlated(epoch: float, pairs: Array) -> Foresight:
    """Of (n, 2) values, the early and the final ones.

    Interval: Fisher's z with the standard error of Bonett and Wright 2000, "Sample size requirements for estimating
    Pearson, Kendall and Spearman correlations".
    """
    early, final = pairs.T
    correlation = float(spearmanr(early, final).statistic)
    bounded = min(max(correlation, -1 + 1e-9), 1 - 1e-9)
    error = 1.96 * math.sqrt((1 + correlation**2 / 2) / (len(pairs) - 3))
    low, high = (math.tanh(math.atanh(bounded) + way * error) for way in (-1, 1))
    return Foresight(epoch, len(pairs), correlation, low, high)
