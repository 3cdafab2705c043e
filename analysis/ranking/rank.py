"""Which trials can be compared, and their order: Pareto front by Pareto front, then objective by objective.

Only complete trials are compared, by their final evaluation. A pruned, diverged or failed trial was measured after less
training than the others, so its last values say where it stopped and not how good its configuration is.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from data.errors import HuetuneError
from models.evaluation import Evaluation
from search.pareto import Points, minimised, pareto_ranks
from search.records import State, Sweep, Trial, epoch_text
from search.spec.constraints import Constraint, parse_constraints


class RankingError(HuetuneError):
    """A sweep has no trial that could be ranked."""


@dataclass(frozen=True)
class RankedTrial:
    """A trial with its place among the comparable ones."""

    place: int
    """From 1; no two trials share one."""
    trial: Trial
    evaluation: Evaluation
    """The one that counts; every objective is in it and finite."""
    pareto_rank: int
    """0: no other trial is at least as good by every objective and better by one; 1: the same without those of 0 ..."""
    positions: dict[str, int]
    """Place by each objective alone, from 1; equal values share one."""

    @property
    def metrics(self) -> dict[str, float]:
        return self.evaluation.metrics


@dataclass(frozen=True)
class UnrankedTrial:
    """A trial that is not compared with the others."""

    trial: Trial
    reason: str


@dataclass(frozen=True)
class Ranking:
    """Every readable trial of a sweep once: ranked ones best first, others by number, repeats by what they repeat."""

    objectives: dict[str, Literal["min", "max"]]
    ranked: tuple[RankedTrial, ...]
    unranked: tuple[UnrankedTrial, ...]
    repeats: dict[int, tuple[Trial, ...]]
    """By the number of a trial, its configuration trained again with other seeds, whatever became of that."""

    @property
    def front(self) -> tuple[RankedTrial, ...]:
        """The Pareto front."""
        return tuple(ranked for ranked in self.ranked if ranked.pareto_rank == 0)

    def first_by(self, objective: str) -> tuple[RankedTrial, ...]:
        """The best trials by one objective alone: several if their values are equal."""
        return tuple(ranked for ranked in self.ranked if ranked.positions[objective] == 1)


def rank(sweep: Sweep) -> Ranking:
    """Order a sweep's trials by Pareto rank, then the first objective, then the next ones, then trial number."""
    by_number = sorted(sweep.trials, key=lambda trial: trial.number)
    trials = [trial for trial in by_number if trial.start.repeat_of is None]
    repeats: dict[int, list[Trial]] = {}
    for trial in by_number:
        if trial.start.repeat_of is not None:
            repeats.setdefault(trial.start.repeat_of, []).append(trial)
    constraints = parse_constraints(tuple(sweep.record.spec.get("constraints", ())))
    reasons = {
        trial.number: why_unranked(trial, sweep.record.objectives) or _missed(trial, constraints) for trial in trials
    }
    if "fid" in sweep.record.objectives:
        reasons |= _other_fid_weights([trial for trial in trials if not reasons[trial.number]])
    return Ranking(
        sweep.record.objectives,
        _ranked([trial for trial in trials if not reasons[trial.number]], sweep.record.objectives),
        tuple(UnrankedTrial(trial, reason) for trial in trials if (reason := reasons[trial.number])),
        {number: tuple(again) for number, again in repeats.items()},
    )


def _other_fid_weights(trials: list[Trial]) -> dict[int, str]:
    """By number, those whose FID is of another Inception than that of most: such values do not compare."""
    used = Counter(trial.state.fid_weights for trial in trials)
    if len(used) < 2:
        return {}
    (most, _), *_ = used.most_common(1)
    return {
        trial.number: f"its FID was measured with other Inception weights ({trial.state.fid_weights[:12] or 'unknown'})"
        for trial in trials
        if trial.state.fid_weights != most
    }


def best(sweep: Sweep) -> Trial:
    """The trial in the first place.

    Raises:
        RankingError: no trial is complete with a finite value of every objective.
    """
    ranked = rank(sweep).ranked
    if not ranked:
        raise RankingError(
            f"sweep {sweep.record.name!r} has no complete trial among its {len(sweep.trials)}, so none is best; "
            "wait for one to complete, or name a trial: --from NAME:TRIAL"
        )
    return ranked[0].trial


def why_unranked(trial: Trial, objectives: Mapping[str, str]) -> str:
    """In words why a trial is not compared with the complete ones; empty if it is."""
    if trial.state.state != "complete":
        said = trial.state.reason.strip()
        if trial.state.state == "waiting" and trial.final and not said:
            return f"waits to go on after epoch {epoch_text(trial.final.epoch)}"
        return said or _WITHOUT_A_REASON[trial.state.state]
    if trial.final is None:
        return "complete, but without any evaluation"
    found = trial.final.metrics
    wrong = [f"{name} is {found[name]}" for name in objectives if name in found and not math.isfinite(found[name])]
    wrong += [f"{name} is missing" for name in objectives if name not in found]
    return f"in its final evaluation (epoch {epoch_text(trial.final.epoch)}) {' and '.join(wrong)}" if wrong else ""


def _missed(trial: Trial, constraints: Iterable[Constraint]) -> str:
    """Which constraints a complete trial does not meet, in words; empty if it meets all."""
    metrics = trial.final.metrics if trial.final else {}
    missed = [
        f"{one.metric} {metrics[one.metric]:.4g} is not {one.sense} {one.bound:g}"
        if one.metric in metrics
        else f"{one.metric} is missing"
        for one in constraints
        if not one.met(metrics)
    ]
    return " and ".join(missed)


_WITHOUT_A_REASON: dict[State, str] = {
    "waiting": "has not started yet",
    "running": "is still running",
    "pruned": "no reason recorded",
    "paused": "is paused",
    "diverged": "no reason recorded",
    "collapsed": "no reason recorded",
    "failed": "no reason recorded",
}


def _ranked(trials: list[Trial], objectives: dict[str, Literal["min", "max"]]) -> tuple[RankedTrial, ...]:
    """`trials` come by number, and sorting is stable: equal ones stay in that order."""
    evaluations = [trial.final for trial in trials if trial.final is not None]
    points = minimised([evaluation.metrics for evaluation in evaluations], dict(objectives))  # (n, m)
    ranks = pareto_ranks(points)
    order = sorted(range(len(trials)), key=lambda index: (ranks[index], *points[index]))
    return tuple(
        RankedTrial(
            place, trials[index], evaluations[index], int(ranks[index]), _positions(points, index, list(objectives))
        )
        for place, index in enumerate(order, start=1)
    )


def _positions(points: Points, index: int, objectives: list[str]) -> dict[str, int]:
    """1 + the number of the (n, m) minimised `points` that are better than number `index`, by each objective."""
    num_better = (points < points[index]).sum(axis=0)  # (m,)
    return {name: 1 + int(count) for name, count in zip(objectives, num_better, strict=True)}
