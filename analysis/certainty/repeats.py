"""Configurations that were trained with several seeds: what each reaches on average, and how far its runs spread."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import numpy as np

from analysis.certainty.bounds import possible, possible_difference
from analysis.certainty.differences import Difference, of_means
from analysis.certainty.intervals import Interval, student
from analysis.ranking.comparable import in_what, measured_as
from analysis.ranking.counted import counted_evaluation
from analysis.ranking.orders import Candidates
from analysis.ranking.rank import RankedTrial, Ranking, why_unranked
from models.evaluation import Evaluation
from search.records import Sweep, Trial

FEWEST_SEEDS = 3
"""Two values say next to nothing about their spread: the interval of their mean is 12.7 times its standard error."""


@dataclass(frozen=True)
class Spread:
    """Of one metric over the runs of a configuration."""

    num_runs: int
    mean: float
    deviation: float | None
    """Of the runs, n − 1 in its denominator; None for a single one."""
    interval: Interval | None
    """95 %, of the mean, within what the metric can be; None for a single run."""


@dataclass(frozen=True)
class Group:
    """One configuration and its runs."""

    number: int
    """Of the trial that gave it its configuration."""
    chosen: RankedTrial | None
    """The trial for whose values it was trained again. They count for nothing here: the best of many are also the
    luckiest. None: that trial is not ranked, or the seeds were part of the search and nothing was chosen by them."""
    runs: tuple[tuple[Trial, Evaluation], ...]
    """Those that count, each with its evaluation that counts."""
    others: tuple[tuple[Trial, str], ...]
    """Those that do not, each with the reason."""
    is_orphan: bool = False
    """The records of the trial that gave it its configuration are missing, or damaged."""

    @property
    def name(self) -> str:
        """That trial, as it can be spoken of."""
        return f"trial {self.number}" + (" (whose own records are missing or damaged)" if self.is_orphan else "")

    def values(self, name: str) -> list[float]:
        """Of a metric, the finite ones."""
        found = (evaluation.metrics.get(name, math.nan) for _, evaluation in self.runs)
        return [value for value in found if math.isfinite(value)]

    def spread(self, name: str) -> Spread | None:
        """None: no run has this metric."""
        values = self.values(name)
        return spread_of(name, values) if values else None


def spread_of(name: str, values: list[float]) -> Spread:
    """Of one value of a metric or more."""
    interval, deviation = student(values), stdev(values) if len(values) > 1 else None
    return Spread(len(values), fmean(values), deviation, possible(name, interval) if interval else None)


def groups(sweep: Sweep, ranking: Ranking) -> tuple[Group, ...]:
    """Every configuration that has been, or is being, trained with several seeds: repeated ones, then searched seeds.

    Repeated ones by the place of what they repeat, then by number. What was measured unlike the ranked trials is not
    among the runs that count.
    """
    places = {one.trial.number: one for one in ranking.ranked}
    known = {trial.number for trial in sweep.trials}
    found = [
        replace(_group(number, places.get(number), trials, sweep, ranking), is_orphan=number not in known)
        for number, trials in sorted(ranking.repeats.items(), key=lambda item: (_place(places.get(item[0])), item[0]))
    ]
    alike = (trials for trials in _with_searched_seeds(ranking) if trials[0].number not in ranking.repeats)
    found += [_group(trials[0].number, None, trials, sweep, ranking) for trials in alike]
    return tuple(found)


def best_first(groups: Iterable[Group], ranking: Ranking) -> tuple[Group, ...]:
    """Those with two runs or more, in the ranking's order of their means; those that miss a constraint come last."""
    names = wanted(ranking)
    solid = [group for group in groups if all(len(group.values(name)) > 1 for name in names)]
    if not solid:
        return ()
    means = [{name: fmean(group.values(name)) for name in names} for group in solid]
    candidates = Candidates(means, ranking.objectives)
    misses = [bool(missed(group, ranking)) for group in solid]
    columns = (misses, *ranking.rule.order.keys(candidates).T, candidates.fronts, *candidates.points.T)
    return tuple(solid[index] for index in np.lexsort(columns[::-1]).tolist())


def missed(group: Group, ranking: Ranking) -> list[str]:
    """The constraints of the sweep that a configuration misses by its means."""
    means = {one.metric: group.spread(one.metric) for one in ranking.constraints}
    met = {name: spread.mean for name, spread in means.items() if spread}
    return [str(one) for one in ranking.constraints if one.metric not in met or not one.met(met)]


def behind_the_best(best: tuple[Group, ...], name: str) -> list[Difference]:
    """Of each group but the first, less the first, by the mean of an objective: all at once at 95 %."""
    first, *others = (group.values(name) for group in best)
    return [difference_of_means(name, values, first, len(best)) for values in others]


def difference_of_means(name: str, first: list[float], second: list[float], num_groups: int = 2) -> Difference:
    """As of_means, of a metric: the interval within what a difference of its values can be."""
    found = of_means(first, second, num_groups)
    return replace(found, interval=possible_difference(name, found.interval)) if found.interval else found


def wanted(ranking: Ranking) -> list[str]:
    """The metrics that a run needs in order to be ranked."""
    return list(dict.fromkeys([*ranking.objectives, *ranking.rule.order.metrics]))


def _group(number: int, chosen: RankedTrial | None, trials: Iterable[Trial], sweep: Sweep, ranking: Ranking) -> Group:
    runs, others = [], []
    for trial in trials:
        reason = _why_not(trial, sweep, ranking)
        evaluation = counted_evaluation(trial, ranking.rule.counts)
        if reason or evaluation is None:
            others.append((trial, reason))
        else:
            runs.append((trial, evaluation))
    return Group(number, chosen, tuple(runs), tuple(others))


def _why_not(trial: Trial, sweep: Sweep, ranking: Ranking) -> str:
    """In words, why a run does not count; empty if it does. A constraint that it misses is no reason: a mean of those
    that meet it would be a mean of the lucky ones."""
    names = wanted(ranking)
    reason = why_unranked(trial, names, ranking.rule.counts)
    if reason or not ranking.ranked:
        return reason
    usual = measured_as(ranking.ranked[0].trial, sweep.record, names)
    other = in_what(measured_as(trial, sweep.record, names), usual)
    return f"measured unlike the ranked trials: {other}" if other else ""


def _place(chosen: RankedTrial | None) -> float:
    return chosen.place if chosen else math.inf


def _with_searched_seeds(ranking: Ranking) -> list[list[Trial]]:
    """The ranked trials whose searched values differ in nothing but `seed`, two seeds or more, by number."""
    alike: dict[str, dict[str, Trial]] = {}
    for trial in sorted((one.trial for one in ranking.ranked), key=lambda trial: trial.number):
        if "seed" in trial.params:
            seeds = alike.setdefault(_but_for_the_seed(trial.params), {})
            seeds.setdefault(str(trial.params["seed"]), trial)  # a second run with the same seed is no other sample
    return [list(seeds.values()) for seeds in alike.values() if len(seeds) > 1]


def _but_for_the_seed(params: Mapping[str, object]) -> str:
    return json.dumps({name: value for name, value in params.items() if name != "seed"}, sort_keys=True)
