"""Which trials can be compared, and their order: Pareto front by Pareto front, then objective by objective.

Only complete trials are compared, by the evaluation and in the order that a Rule says. A pruned, diverged or failed
trial was measured after less training than the others, so its last values say where it stopped and not how good its
configuration is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.ranking.comparable import set_apart
from analysis.ranking.counted import Counts, counted_evaluation
from analysis.ranking.orders import Candidates
from analysis.ranking.reasons import missed, why_not
from analysis.ranking.rule import DEFAULT, Rule
from data.errors import HuetuneError
from models.evaluation import Evaluation
from search.pareto import Points
from search.records import Sweep, Trial
from search.spec.constraints import Constraint, parse_constraints
from search.twins import same_training

Objectives = dict[str, Literal["min", "max"]]
Candidate = tuple[Trial, Evaluation]
"""A complete trial with the evaluation that counts."""
Repeats = dict[int, tuple[Trial, ...]]
"""By the number of what they repeat."""


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
    measured_otherwise: bool = False
    """It is complete and has every value, but measured so that they do not compare with those of most."""


@dataclass(frozen=True)
class Ranking:
    """Every readable trial of a sweep once: ranked ones best first, others by number, repeats by what they repeat.

    Of trials with one configuration, seed included, the first is ranked: the others are the same training once more.
    """

    objectives: Objectives
    ranked: tuple[RankedTrial, ...]
    unranked: tuple[UnrankedTrial, ...]
    repeats: Repeats
    """By the number of a trial, its configuration trained again with other seeds, whatever became of that; by that of
    the ranked one where two trials are one training."""
    rule: Rule
    constraints: tuple[Constraint, ...]
    """Of the sweep: a trial that misses one is not ranked."""

    @property
    def statement(self) -> str:
        """In words, which trials are compared by what and how they are ordered."""
        said = self.rule.statement(self.objectives, self.constraints)
        bounds = " and ".join(map(str, self.unreached))
        return f"{said} No ranked trial reaches {bounds}." if bounds else said

    @property
    def unreached(self) -> tuple[Constraint, ...]:
        """The bounds of the order that no ranked trial reaches, so that they come by how much they miss it."""
        bounds = self.rule.order.bounds if self.ranked else ()
        return tuple(bound for bound in bounds if not any(bound.met(one.metrics) for one in self.ranked))

    @property
    def front(self) -> tuple[RankedTrial, ...]:
        """The Pareto front."""
        return tuple(ranked for ranked in self.ranked if ranked.pareto_rank == 0)

    def first_by(self, objective: str) -> tuple[RankedTrial, ...]:
        """The best trials by one objective alone: several if their values are equal."""
        return tuple(ranked for ranked in self.ranked if ranked.positions[objective] == 1)


def rank(sweep: Sweep, rule: Rule = DEFAULT) -> Ranking:
    """Order a sweep's trials; what the rule leaves equal goes by Pareto rank, the objectives in order, trial number."""
    objectives = sweep.record.objectives
    constraints = parse_constraints(tuple(sweep.record.spec.get("constraints", ())))
    wanted = list(dict.fromkeys([*objectives, *rule.order.metrics]))
    trials, repeats = _divided(sweep.trials)
    candidates: list[Candidate] = []
    unranked: list[UnrankedTrial] = []
    for trial in trials:
        evaluation = counted_evaluation(trial, rule.counts)
        reason = why_not(trial, evaluation, wanted, rule.counts) or missed(evaluation, constraints)
        if reason or evaluation is None:
            unranked.append(UnrankedTrial(trial, reason))
        else:
            candidates.append((trial, evaluation))
    otherwise = set_apart([trial for trial, _ in candidates], sweep.record, wanted)
    unranked += [UnrankedTrial(one, otherwise[one.number], True) for one, _ in candidates if one.number in otherwise]
    alike = [candidate for candidate in candidates if candidate[0].number not in otherwise]
    twins = same_training(trial for trial, _ in alike)
    once = [candidate for candidate in alike if candidate[0].number not in twins]
    seeds, again = _once(repeats, twins)
    unranked += [_twin(trial, twins[trial.number]) for trial, _ in alike if trial.number in twins] + again
    ordered = tuple(sorted(unranked, key=lambda one: one.trial.number))
    return Ranking(objectives, _ranked(once, objectives, rule), ordered, seeds, rule, constraints)


def best(sweep: Sweep, rule: Rule = DEFAULT) -> Trial:
    """The trial in the first place.

    Raises:
        RankingError: no trial is complete with a finite value of every objective.
    """
    ranked = rank(sweep, rule).ranked
    if not ranked:
        raise RankingError(
            f"sweep {sweep.record.name!r} has no complete trial among its {len(sweep.trials)}, so none is best; "
            "wait for one to complete, or name a trial: --from NAME:TRIAL"
        )
    return ranked[0].trial


def why_unranked(trial: Trial, metrics: Collection[str], counts: Counts = "last") -> str:
    """In words why a trial is not compared with the complete ones that have all these metrics; empty if it is."""
    return why_not(trial, counted_evaluation(trial, counts), metrics, counts)


def _divided(trials: Iterable[Trial]) -> tuple[list[Trial], list[Trial]]:
    """Those with a configuration of their own, and the repeats; both by number."""
    by_number = sorted(trials, key=lambda trial: trial.number)
    originals = [trial for trial in by_number if trial.start.repeat_of is None]
    return originals, [trial for trial in by_number if trial.start.repeat_of is not None]


def _once(repeats: Sequence[Trial], twins: Mapping[int, int]) -> tuple[Repeats, list[UnrankedTrial]]:
    """The repeats by the ranked trial whose configuration they have, and those that are another one's training.

    twins: of the trials that they repeat; two of these that are one training may have been repeated with equal seeds.
    """
    again = same_training(repeats)
    found: Repeats = {}
    for trial in repeats:
        if trial.start.repeat_of is not None and trial.number not in again:
            original = twins.get(trial.start.repeat_of, trial.start.repeat_of)
            found[original] = (*found.get(original, ()), trial)
    return found, [_twin(trial, again[trial.number]) for trial in repeats if trial.number in again]


def _twin(trial: Trial, other: int) -> UnrankedTrial:
    return UnrankedTrial(trial, f"the same training as trial {other}")


def _ranked(candidates: Sequence[Candidate], objectives: Objectives, rule: Rule) -> tuple[RankedTrial, ...]:
    """`candidates` come by number, and sorting is stable: equal ones stay in that order."""
    if not candidates:
        return ()
    measured = Candidates([evaluation.metrics for _, evaluation in candidates], objectives)
    points, fronts = measured.points, measured.fronts
    columns = (*rule.order.keys(measured).T, fronts, *points.T)
    positions = _positions(points, list(objectives))
    ranked = []
    for place, index in enumerate(np.lexsort(columns[::-1]).tolist(), start=1):
        trial, evaluation = candidates[index]
        ranked.append(RankedTrial(place, trial, evaluation, int(fronts[index]), positions[index]))
    return tuple(ranked)


def _positions(points: Points, objectives: Sequence[str]) -> list[dict[str, int]]:
    """For each of the (n, m) minimised `points` 1 + the number of those that are better, by each objective."""
    better = np.stack([np.searchsorted(np.sort(column), column) for column in points.T], axis=1)  # (n, m)
    return [dict(zip(objectives, row, strict=True)) for row in (1 + better).tolist()]
