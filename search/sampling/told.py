"""What the sampler is told of a trial."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from models.evaluation import Evaluation
from search.records import UNFINISHED, Cause, State, Trial
from search.spec.constraints import Constraint, parse_constraints
from search.spec.sweep_spec import SweepSpec

_STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    # The sampler learns to avoid what the configuration caused; told FAIL it would propose the same region again.
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,
    "collapsed": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    **dict.fromkeys(UNFINISHED, TrialState.RUNNING),
}
_OF_THE_CONFIGURATION: tuple[Cause, ...] = ("gpu-memory", "non-finite")
"""Causes of failure that another machine would not mend."""
_NEVER_MEASURED = 1e9
"""How far a trial misses a bound on what was never measured of it; infinity is no JSON."""
_STEPS_PER_EPOCH = 1000


@dataclass(frozen=True)
class Told:
    """A trial's end in Optuna's terms."""

    state: TrialState
    values: list[float] | None = None
    user_attrs: dict[str, Any] = field(default_factory=dict)
    system_attrs: dict[str, Any] = field(default_factory=dict)
    intermediate_values: dict[int, float] = field(default_factory=dict)

    def as_trial(
        self, params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution], attrs: Mapping[str, Any]
    ) -> FrozenTrial:
        """The trial as a whole, at this point of the space; attrs: further user attributes."""
        return optuna.trial.create_trial(
            state=self.state,
            values=self.values,
            params=dict(params),
            distributions=dict(distributions),
            user_attrs={**attrs, **self.user_attrs},
            system_attrs=self.system_attrs,
            intermediate_values=self.intermediate_values,
        )


def told_of(trial: Trial, spec: SweepSpec) -> Told:
    """What the sampler of a sweep with these objectives and constraints is told of a trial."""
    state = _state(trial, list(spec.objectives))
    if state is TrialState.RUNNING:
        return Told(state)
    final = trial.final.metrics if trial.final else {}
    return Told(
        state,
        [final[name] for name in spec.objectives] if state is TrialState.COMPLETE else None,
        {"state": trial.state.state, "reason": trial.state.reason, "curves": _curves(trial, list(spec.objectives))},
        {} if state is TrialState.FAIL else _violations(trial, parse_constraints(spec.constraints)),
        _intermediate_values(trial, list(spec.objectives)),
    )


def artifact(artifact_id: str, file_name: str) -> dict[str, str]:
    """The system attribute by which Optuna knows a file of a trial."""
    content = {"artifact_id": artifact_id, "filename": file_name, "mimetype": "image/png", "encoding": None}
    return {f"artifacts:{artifact_id}": json.dumps(content)}


def _state(trial: Trial, objectives: Sequence[str]) -> TrialState:
    state = _STATES[trial.state.state]
    if state is TrialState.FAIL and trial.state.cause in _OF_THE_CONFIGURATION:
        return TrialState.PRUNED
    if state is not TrialState.COMPLETE:
        return state
    final = trial.result.metrics if trial.result else {}  # none in a copy that lacks the last evaluation
    if any(name not in final for name in objectives):  # no photo has the label that classifier_top1 needs
        return TrialState.FAIL
    return state if all(math.isfinite(final[name]) for name in objectives) else TrialState.PRUNED


def _intermediate_values(trial: Trial, objectives: Sequence[str]) -> dict[int, float]:
    """The one objective by thousandths of an epoch, which Optuna ranks pruned trials by.

    None for several objectives: Optuna ranks by one alone and stops with an error. None for what diverged or collapsed:
    having come far must not put it before what was merely not good enough.
    """
    if len(objectives) > 1 or trial.state.state not in ("complete", "pruned"):
        return {}
    (name,) = objectives
    return {
        round(evaluation.epoch * _STEPS_PER_EPOCH): evaluation.metrics[name]
        for evaluation in trial.evaluations
        if math.isfinite(evaluation.metrics.get(name, math.nan))
    }


def _curves(trial: Trial, objectives: Sequence[str]) -> dict[str, list[float | None]]:
    """By objective its values over `epoch`; null where it was not measured, or not a number."""
    curves: dict[str, list[float | None]] = {"epoch": [evaluation.epoch for evaluation in trial.evaluations]}
    return curves | {name: [_measured(evaluation, name) for evaluation in trial.evaluations] for name in objectives}


def _measured(evaluation: Evaluation, name: str) -> float | None:
    value = evaluation.metrics.get(name, math.nan)
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _violations(trial: Trial, constraints: Iterable[Constraint]) -> dict[str, float]:
    """By how much the latest value of each metric misses its bound, as Optuna's system attributes; 0: it is met.

    Pruned trials have them too: where no trial meets the constraints, those without would pass for the best ones.
    """
    latest: dict[str, float] = {}
    for evaluation in trial.evaluations:
        latest |= evaluation.metrics
    return {f"constraints:{one}": min(one.violation(latest), _NEVER_MEASURED) for one in constraints}
