"""Who is best, in a sentence."""

from collections.abc import Mapping
from statistics import fmean

from analysis.certainty.repeats import Group, missed, spread_of, wanted
from analysis.certainty.wording import spread_text
from analysis.display import listed, metric_label, metric_text
from analysis.ranking.rank import RankedTrial, Ranking
from search.records import SweepRecord
from search.spec.constraints import Constraint


def leaders(record: SweepRecord, ranking: Ranking, repeated: tuple[Group, ...] = ()) -> str:
    """The first of the ranking with its values, whoever is better by one objective, the size of the Pareto front.

    repeated: the one configuration, if any, that was trained with several seeds.
    """
    though = f", though no ranked trial reaches {listed(ranking.unreached)}" if ranking.unreached else ""
    parts = [f"{_first(record, ranking)}{though}", *_better_by_one(record, ranking)]
    if len(ranking.objectives) > 1:
        num_front = len(ranking.front)
        parts.append(f"{num_front} trial{'s form' if num_front > 1 else ' forms'} the Pareto front")
    parts += [
        f"with {len(group.runs)} seeds the configuration of {group.name} has {_means(group, record, ranking)}"
        for group in repeated
    ]
    return f"{'; '.join(parts)}."


def leader_by_means(best: tuple[Group, ...], record: SweepRecord, ranking: Ranking) -> str:
    """The first by its mean over seeds, of two groups or more, and whoever is better by one objective."""
    first, single = best[0], ranking.ranked[0].trial.number if ranking.ranked else None
    also = ", as by one run each," if single == first.number else ""
    parts = [
        f"Of {len(best)} configurations trained with several seeds, that of {first.name} is first by its means"
        f"{first_by(ranking)}{also} with {_means(first, record, ranking)} (mean ± standard deviation of "
        f"{len(first.runs)} seeds)",
        *better_by_one_mean(best, {name: metric_label(name, record) for name in ranking.objectives}, ranking),
    ]
    if misses := missed(first, ranking):
        parts.append(f"all of them miss {listed(misses)} by their means")
    if unreached := _unreached_by_means(best, ranking):
        parts.append(f"none of them reaches {listed(unreached)} by its mean")
    if single is None:
        parts.append("of one run each, none is ranked")
    elif not also:
        parts.append(f"by one run each, trial {single} is ranked first")
    return f"{'; '.join(parts)}."


def first_by(ranking: Ranking) -> str:
    """What decides who is first, in brackets; empty where there is but one objective and nothing else to go by."""
    short = ranking.rule.in_short(ranking.objectives)
    return f" ({short})" if len(ranking.objectives) > 1 or ranking.rule.order.words else ""


def better_by_one_mean(best: tuple[Group, ...], labels: Mapping[str, str], ranking: Ranking) -> list[str]:
    """Which of the groups is best by an objective that the first is not best by, by its mean over seeds."""
    said = []
    for name, way in ranking.objectives.items():
        leader = (max if way == "max" else min)(best, key=lambda group: fmean(group.values(name)))
        if fmean(leader.values(name)) != fmean(best[0].values(name)):
            text = spread_text(name, spread_of(name, leader.values(name)))
            said.append(f"that of {leader.name} has the best {labels[name]}, {text}")
    return said


def _unreached_by_means(best: tuple[Group, ...], ranking: Ranking) -> list[Constraint]:
    means = [{name: fmean(group.values(name)) for name in wanted(ranking)} for group in best]
    return [bound for bound in ranking.rule.order.bounds if not any(bound.met(one) for one in means)]


def _first(record: SweepRecord, ranking: Ranking) -> str:
    first = ranking.ranked[0]
    equal = sorted(
        one.trial.number
        for one in ranking.ranked
        if all(one.metrics[name] == first.metrics[name] for name in ranking.objectives)
    )
    several = len(ranking.objectives) > 1
    values = listed(
        f"{metric_label(name, record)} {metric_text(name, first.metrics[name])}"
        f"{' (the best)' if several and first.positions[name] == 1 else ''}"
        for name in ranking.objectives
    )
    if len(ranking.ranked) == 1:
        return f"Trial {first.trial.number} is the only one ranked, with {values}"
    if len(equal) > 1:
        return f"Trials {_few(equal)} of {len(ranking.ranked)} ranked share the first place, with {values}"
    return f"Trial {first.trial.number} is ranked first of {len(ranking.ranked)}, with {values}"


def _better_by_one(record: SweepRecord, ranking: Ranking) -> list[str]:
    """Who is best by an objective that the first is not best by."""
    claims: dict[str, list[str]] = {}
    for name in ranking.objectives:
        if ranking.ranked[0].positions[name] > 1:
            holders = ranking.first_by(name)
            claim = f"the best {metric_label(name, record)}, {metric_text(name, holders[0].metrics[name])}"
            claims.setdefault(_holders(holders), []).append(claim)
    return [f"{holders} {listed(claimed)}" for holders, claimed in claims.items()]


def _holders(ranked: tuple[RankedTrial, ...]) -> str:
    numbers = sorted(one.trial.number for one in ranked)
    return f"trials {_few(numbers)} have" if len(numbers) > 1 else f"trial {numbers[0]} has"


def _few(numbers: list[int]) -> str:
    return listed([*numbers[:3], f"{len(numbers) - 3} more"] if len(numbers) > 4 else numbers)


def _means(group: Group, record: SweepRecord, ranking: Ranking) -> str:
    spreads = {name: spread for name in ranking.objectives if (spread := group.spread(name))}
    return listed(f"{metric_label(name, record)} {spread_text(name, spread)}" for name, spread in spreads.items())
