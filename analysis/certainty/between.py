"""Two sweeps against each other, such as multi-task against single-task: their best, and all their ranked trials."""

import math
from dataclasses import dataclass, replace
from statistics import fmean

from analysis.certainty.comparison import Comparison, How, Result, paired, unpaired
from analysis.certainty.differences import FEWEST_PAIRS, Difference
from analysis.certainty.doubt import one_run
from analysis.certainty.intervals import of_difference
from analysis.certainty.repeats import Group, difference_of_means, groups
from analysis.certainty.shared_values import by_values, searched, shared_names
from analysis.certainty.wording import label
from analysis.display import better
from analysis.ranking.comparable import in_what, measured_as, set_apart, why_not_comparable
from analysis.ranking.rank import RankedTrial, Ranking
from search.records import Sweep


@dataclass(frozen=True)
class Side:
    """One of the sweeps."""

    sweep: Sweep
    ranking: Ranking

    @property
    def name(self) -> str:
        return self.sweep.record.name

    def measured(self, name: str) -> list[RankedTrial]:
        """The ranked trials with a finite value of a metric, measured alike, best first."""
        found = [one for one in self.ranking.ranked if math.isfinite(one.metrics.get(name, math.nan))]
        apart = set_apart([one.trial for one in found], self.sweep.record, [name])
        return [one for one in found if one.trial.number not in apart]


@dataclass(frozen=True)
class Common:
    """A metric that compares between two sweeps, and the trials of each that have it, best ranked first."""

    name: str
    way: str
    first: list[RankedTrial]
    second: list[RankedTrial]

    @property
    def values(self) -> tuple[list[float], list[float]]:
        first, second = ([run.metrics[self.name] for run in side] for side in (self.first, self.second))
        return first, second


def sweeps_compared(one: Side, other: Side) -> list[Comparison]:
    """The best configurations of the two, and then all ranked trials, by every objective of either that both measured.

    Values that were measured otherwise, or on other photos, are not compared; a note says so.
    """
    metrics, notes = _common(one, other)
    best = tuple(_of_the_best(metric, one, other) for metric in metrics)
    everything, how = _all_trials(metrics)
    found = [
        Comparison("The best of each", one.name, other.name, "best", best, tuple(notes)),
        Comparison("All ranked trials", one.name, other.name, how, tuple(everything)),
    ]
    return [comparison for comparison in found if comparison.results or comparison.notes]


def _common(one: Side, other: Side) -> tuple[list[Common], list[str]]:
    """The metrics that compare; for the others a note."""
    objectives = one.ranking.objectives | other.ranking.objectives
    metrics, notes = [], []
    for name in objectives:
        first, second = one.measured(name), other.measured(name)
        if not (first and second):
            lacking = other if first else one
            notes.append(f"By {label(name)} they are not compared: {lacking.name} has no ranked trial with it.")
            continue
        reason = why_not_comparable(second[0].trial, other.sweep.record, first[0].trial, one.sweep.record, [name])
        if reason:
            notes.append(f"By {label(name)} they are not compared: {other.name} has {reason}.")
        else:
            metrics.append(Common(name, better(name, objectives), first, second))
    return metrics, notes


def _of_the_best(metric: Common, one: Side, other: Side) -> Result:
    """By the new seeds of the best configuration of each, else by the best run of each."""
    first, second = (_best_group(metric, *side) for side in ((one, metric.first), (other, metric.second)))
    if not (first and second):
        return _of_the_best_runs(metric, one, other)
    values = first.values(metric.name), second.values(metric.name)
    return Result(
        metric.name,
        metric.way,
        (len(values[0]), len(values[1])),
        (fmean(values[0]), fmean(values[1])),
        difference_of_means(metric.name, *values),
        of=f"means over new seeds of trial {first.number} and trial {second.number}",
    )


def _best_group(metric: Common, side: Side, compared: list[RankedTrial]) -> Group | None:
    """The configuration whose first run was best by a metric, of those with two new seeds or more.

    compared: the runs of this side that compare with those of the other; seeds measured otherwise do not count.
    """
    usual = measured_as(compared[0].trial, side.sweep.record, [metric.name])
    first_runs = {one.trial.number: one for one in compared}
    repeated = {}
    for group in groups(side.sweep, side.ranking):
        alike = tuple(
            (trial, run)
            for trial, run in group.runs
            if math.isfinite(run.metrics.get(metric.name, math.nan))
            and not in_what(measured_as(trial, side.sweep.record, [metric.name]), usual)
        )
        if group.number in first_runs and len(alike) > 1:
            repeated[group.number] = replace(group, runs=alike)
    return repeated[_best(metric, [first_runs[number] for number in repeated]).trial.number] if repeated else None


def _of_the_best_runs(metric: Common, one: Side, other: Side) -> Result:
    """With an interval where one run has one."""
    name, first, second = metric.name, _best(metric, metric.first), _best(metric, metric.second)
    values = first.metrics[name], second.metrics[name]
    of_first, of_second = one_run(name, first, one.sweep.record), one_run(name, second, other.sweep.record)
    reach = of_difference(values[0], of_first, values[1], of_second) if of_first and of_second else None
    of = f"one run each, trial {first.trial.number} and trial {second.trial.number}"
    return Result(name, metric.way, (1, 1), values, Difference(values[0] - values[1], reach, None), of=of)


def _best(metric: Common, runs: list[RankedTrial]) -> RankedTrial:
    """Of equal ones the first."""
    return (max if metric.way == "max" else min)(runs, key=lambda run: run.metrics[metric.name])


def _all_trials(metrics: list[Common]) -> tuple[list[Result], How]:
    """Pairs of equal searched values where there are six or more, else the two groups as they are."""
    pairs = [_pairs(metric) for metric in metrics]
    if any(len(first) >= FEWEST_PAIRS for first, _ in pairs):
        results = [paired(metric.name, metric.way, *values) for metric, values in zip(metrics, pairs, strict=True)]
        return [result for result in results if result], "pairs"
    results = [unpaired(metric.name, metric.way, *metric.values) for metric in metrics]
    return [result for result in results if result], "groups"


def _pairs(metric: Common) -> tuple[list[float], list[float]]:
    """Values of both sides where everything that both searched is equal; of several trials alike their mean."""
    # What took over another's values near its end is no training with them.
    sides = tuple([run for run in side if not run.trial.exploits] for side in (metric.first, metric.second))
    values = [searched(run.trial for run in side) for side in sides]
    names = shared_names(*(side.values() for side in values))
    if not names:
        return [], []
    runs = [{run.trial.number: run.metrics[metric.name] for run in side} for side in sides]
    first, second = (by_values(side, names) for side in values)
    keys = [key for key in first if key in second]
    return (
        [fmean(runs[0][number] for number in first[key]) for key in keys],
        [fmean(runs[1][number] for number in second[key]) for key in keys],
    )
