"""What values a metric can have: an interval that goes beyond them says more of its formula than of the metric."""

import math

from analysis.certainty.intervals import Interval
from analysis.display import SHARES

BOUNDS = {
    **dict.fromkeys((*sorted(SHARES), "macro_f1", "auc", "auc_rebalanced"), (0.0, 1.0)),
    **dict.fromkeys(("fid", "lpips", "l1", "colourfulness_distance"), (0.0, math.inf)),
    "ssim": (-1.0, 1.0),
}
"""Lowest and highest, of the metrics that have such. KID has none: its unbiased estimate can be negative."""
_UNBOUNDED = (-math.inf, math.inf)


def possible(name: str, interval: Interval) -> Interval:
    """The part of an interval of a metric that its values can be in."""
    low, high = BOUNDS.get(name, _UNBOUNDED)
    return _clipped(interval, low, high)


def possible_difference(name: str, interval: Interval) -> Interval:
    """The part of an interval of the difference of two values of a metric that it can be in."""
    low, high = BOUNDS.get(name, _UNBOUNDED)
    return _clipped(interval, low - high, high - low)


def _clipped(interval: Interval, low: float, high: float) -> Interval:
    return Interval(min(max(interval.low, low), high), max(min(interval.high, high), low))
