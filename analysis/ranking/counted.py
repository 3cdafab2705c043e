"""Which of a trial's evaluations counts."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import ValidationError

from models.config.early_stopping import EarlyStoppingConfig
from models.config.loss import LossConfig
from models.evaluation import DIRECTIONS, Evaluation
from models.joint_error import joint_error
from search.records import Trial, epoch_text

Counts = Literal["last", "best-joint", "best"]


def counted_evaluation(trial: Trial, counts: Counts) -> Evaluation | None:
    """The evaluation of a trial that counts; None: there is none.

    last: the last one; best-joint: the one that best-joint.pt was kept at; best: none that took place, but the best
    value of each metric over all of them, under the epoch of the last.
    """
    return _CHOSEN[counts](trial)


def named(counts: Counts, evaluation: Evaluation) -> str:
    """Which evaluation it is, as it can follow on `in`."""
    epoch = epoch_text(evaluation.epoch)
    return {
        "last": f"its final evaluation (epoch {epoch})",
        "best-joint": f"its best joint evaluation (epoch {epoch})",
        "best": f"the best of its evaluations (up to epoch {epoch})",
    }[counts]


def _last(trial: Trial) -> Evaluation | None:
    return trial.final


def _best_joint(trial: Trial) -> Evaluation | None:
    """Of equal ones the latest, as in training; None too if nobody can tell which metrics were watched."""
    try:
        watched = _watched(trial.config)
    except ValidationError:
        return None
    best, least = None, math.inf
    for evaluation in trial.evaluations:
        error = joint_error(evaluation.metrics, watched)
        if math.isfinite(error) and error <= least:
            best, least = evaluation, error
    return best


def _watched(config: Mapping[str, Any]) -> list[str]:
    """The metric that early stopping watches, of each task of a recorded configuration."""
    stopping = EarlyStoppingConfig.model_validate(config.get("early_stopping", {}))
    tasks = LossConfig.model_validate(config.get("loss", {})).tasks
    return [getattr(stopping, task).metric for task in tasks]


def _best_of_each(trial: Trial) -> Evaluation | None:
    if trial.final is None:
        return None
    metrics = dict(trial.final.metrics)
    for name in {name: None for evaluation in trial.evaluations for name in evaluation.metrics}:
        measured = [evaluation.metrics[name] for evaluation in trial.evaluations if name in evaluation.metrics]
        finite = [value for value in measured if math.isfinite(value)]
        if finite and name in DIRECTIONS:
            metrics[name] = max(finite) if DIRECTIONS[name] == "max" else min(finite)
    # Details, such as the ends of KID's interval, belong to values that may not be the best ones.
    return trial.final.model_copy(update={"metrics": metrics, "details": {}})


_CHOSEN: dict[Counts, Callable[[Trial], Evaluation | None]] = {
    "last": _last,
    "best-joint": _best_joint,
    "best": _best_of_each,
}
