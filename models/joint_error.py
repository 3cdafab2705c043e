"""What the best joint checkpoint has least of."""

import math
from collections.abc import Collection, Mapping

from models.evaluation import DIRECTIONS


def joint_error(metrics: Mapping[str, float], watched: Collection[str]) -> float:
    """The product of the tasks' errors, so that no unit matters.

    The error of a metric that grows is its distance from 1 (accuracy, SSIM) or its inverse (PSNR). An evaluation
    without one of the metrics, which can be too costly for every time, has an infinite one.

    watched: the metric that early stopping watches, of each task.
    """
    if any(name not in metrics for name in watched):
        return math.inf
    return math.prod(_error(name, metrics[name]) for name in watched)


def _error(name: str, value: float) -> float:
    if DIRECTIONS[name] == "min":
        return max(value, 0.0)  # KID's estimate of nearly nothing can be negative
    return 1 / max(value, 1e-9) if name == "psnr" else 1 - value
