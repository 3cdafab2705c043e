"""Who is best, in a sentence."""

from statistics import fmean

from analysis.certainty.repeats import Group, missed, spread_of
from analysis.certainty.wording import spread_text
from analysis.display import listed, metric_label, metric_text
from analysis.ranking.rank import RankedTrial, Ranking
from search.records import SweepRecord


def leaders(record: SweepRecord, ranking: Ranking, repeated: tuple[Group, ...] = ()) -> str:
    """The first of the ranking with its values, whoever is better by one objective, the size of the Pareto front.

    repeated: the one configuration, if any, that was trained with several seeds.
    """
    parts = [_first(record, ranking), *_better_by_one(record, ranking)]
    if len(ranking.objectives) > 1:
        num_front = len(ranking.front)
        parts.append(f"{num_front} trial{'s form' if num_front > 1 else ' forms'} the Pareto front")
    parts += [
        f"with {len(group.runs)} seeds the configuration of trial {group.number} has {_means(group, record, ranking)}"
        for group in repeated
    ]
    return f"{'; '.join(parts)}."


def leader_by_means(best: tuple[Group, ...], record: SweepRecord, ranking: Ranking) -> str:
    """The first by its mean over seeds, of two groups or more, and whoever is better by one objective."""
    first, single = best[0], ranking.ranked[0].trial.number
    also = ", as by one run each," if single == first.number else ""
    parts = [
        f"Of {len(best)} configurations trained with several seeds, that of trial {first.number} is first by its means"
        f"{also} with {_means(first, record, ranking)} (mean ± standard deviation of {len(first.runs)} seeds)"
    ]
    for name, way in ranking.objectives.items():
        leader = (max if way == "max" else min)(best, key=lambda group: fmean(group.values(name)))
        if fmean(leader.values(name)) != fmean(first.values(name)):
            text = spread_text(name, spread_of(leader.values(name)))
            parts.append(f"that of trial {leader.number} has the best {metric_label(name, record)}, {text}")
    if misses := missed(first, ranking):
        parts.append(f"all of them miss {listed(misses)} by their means")
    parts += [] if also else [f"by one run each, trial {single} is ranked first"]
    return f"{'; '.join(parts)}."


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
