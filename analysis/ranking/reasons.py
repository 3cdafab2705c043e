"""Why a trial is not ranked, in words."""

import math
from collections.abc import Collection, Iterable

from analysis.ranking.counted import Counts, named
from models.evaluation import Evaluation
from search.records import State, Trial, epoch_text
from search.spec.constraints import Constraint

_WITHOUT_A_REASON: dict[State, str] = {
    "waiting": "has not started yet",
    "running": "is still running",
    "pruned": "no reason recorded",
    "paused": "is paused",
    "diverged": "no reason recorded",
    "collapsed": "no reason recorded",
    "failed": "no reason recorded",
}


def why_not(trial: Trial, evaluation: Evaluation | None, metrics: Collection[str], counts: Counts) -> str:
    """Why a trial is not compared with the complete ones that have all these metrics; empty if it is.

    evaluation: the one of it that counts.
    """
    if trial.state.state != "complete":
        said = trial.state.reason.strip()
        if trial.state.state == "waiting" and trial.final and not said:
            return f"waits to go on after epoch {epoch_text(trial.final.epoch)}"
        return said or _WITHOUT_A_REASON[trial.state.state]
    if trial.final is None:
        return "complete, but without any evaluation"
    if trial.result is None:
        return f"complete, but {trial.notices[0]}"
    if evaluation is None:
        return "complete, but which of its evaluations is the best joint one is not known"
    found = evaluation.metrics
    wrong = [f"{name} is {found[name]}" for name in metrics if name in found and not math.isfinite(found[name])]
    wrong += [f"{name} is missing" for name in metrics if name not in found]
    return f"in {named(counts, evaluation)} {' and '.join(wrong)}" if wrong else ""


def missed(evaluation: Evaluation | None, constraints: Iterable[Constraint]) -> str:
    """Which constraints a complete trial does not meet, in words; empty if it meets all."""
    metrics = evaluation.metrics if evaluation else {}
    missed = [
        f"{one.metric} {metrics[one.metric]:.4g} is not {one.sense} {one.bound:g}"
        if one.metric in metrics
        else f"{one.metric} is missing"
        for one in constraints
        if not one.met(metrics)
    ]
    return " and ".join(missed)
