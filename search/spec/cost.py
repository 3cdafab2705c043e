"""What a sweep will take, from what a few steps took."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class TrialCost:
    """Of one combination of the choices, timed on this machine."""

    choices: str
    seconds_per_step: float
    seconds_per_epoch: float
    """With its validation, as a mean over the trial."""
    hours: float
    """Of the trial in full length."""


def share_left(rungs: Sequence[int], reduction: int, num_epochs: int) -> float:
    """Of the epochs of a sweep, how many are trained if every rung lets exactly one trial in `reduction` through.

    All trials train up to the first rung, 1/η of them on to the second, 1/η² to the third and so on (successive
    halving; Jamieson and Talwalkar 2016). Asynchronous halving lets more through: the first to come always go on.
    """
    stretches = [later - earlier for earlier, later in pairwise([0, *rungs, num_epochs])]
    trained = sum(stretch / float(reduction**number) for number, stretch in enumerate(stretches))
    return trained / num_epochs
