"""Optuna samplers by the name that a sweep file gives."""

import warnings
from collections.abc import Callable

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning


def _tpe(seed: int) -> optuna.samplers.BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        # multivariate and group: loss weights act together, and conditional ones only among their own kind.
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)


def _random(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


def sampler_for(name: str, seed: int, number: int) -> optuna.samplers.BaseSampler:
    """The sampler for one trial.

    Its random numbers follow from the sweep's seed and the trial's number alone: a sweep that was broken off draws the
    same trial again, and never the same values for two trials.
    """
    return SAMPLERS[name](int(np.random.SeedSequence((seed, number)).generate_state(1)[0]))


SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {"tpe": _tpe, "random": _random}
