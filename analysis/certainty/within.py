"""The choices of a sweep, each pair of values compared between trials that differ in nothing else."""

import json
from collections.abc import Mapping
from itertools import combinations
from statistics import fmean

from analysis.certainty.comparison import Comparison, paired
from analysis.certainty.differences import FEWEST_PAIRS
from analysis.certainty.shared_values import Key, Values, by_values, searched, shared_names
from analysis.display import listed, value_text
from analysis.ranking.rank import RankedTrial, Ranking
from search.records import Sweep

MOST_VALUES = 4
"""Of a choice; one with more gives more pairs than a reader would look at."""


def choices_compared(sweep: Sweep, ranking: Ranking) -> list[Comparison]:
    """Every two values of a searched choice that six pairs or more of ranked trials differ in, and in nothing else.

    Such pairs come of a grid, or of points that were enqueued; values drawn at random are hardly ever shared.
    """
    by_number = sorted(ranking.ranked, key=lambda one: one.trial.number)
    # What took over another's values near its end is no training with them.
    ranked = {one.trial.number: one for one in by_number if not one.trial.exploits}
    values = searched(one.trial for one in ranked.values())
    return [
        comparison
        for choice, options in _choices(values).items()
        for first, second in combinations(options, 2)
        if (comparison := _compared(choice, first, second, values, ranked, sweep, ranking))
    ]


def _choices(values: Mapping[int, Values]) -> dict[str, list[str]]:
    """The searched paths of two to four values, a seed aside, each with its values in order of appearance."""
    found: dict[str, dict[str, None]] = {}
    for own in values.values():
        for name, value in own.items():
            found.setdefault(name, {})[value] = None
    found.pop("seed", None)
    return {name: list(options) for name, options in found.items() if 2 <= len(options) <= MOST_VALUES}


def _compared(
    choice: str,
    first: str,
    second: str,
    values: Mapping[int, Values],
    ranked: Mapping[int, RankedTrial],
    sweep: Sweep,
    ranking: Ranking,
) -> Comparison | None:
    sides, rest = _sides(choice, (first, second), values)
    pairs = [key for key in sides[0] if key in sides[1]]
    if len(pairs) < FEWEST_PAIRS:
        return None
    results = [
        paired(name, way, *([_mean(name, side[key], ranked) for key in pairs] for side in sides))
        for name, way in ranking.objectives.items()
    ]
    return Comparison(
        choice,
        value_text(json.loads(first)),
        value_text(json.loads(second)),
        "pairs",
        tuple(result for result in results if result),
        tuple(_notes(choice, (first, second), rest, len(pairs), sweep)),
    )


def _sides(
    choice: str, options: tuple[str, str], values: Mapping[int, Values]
) -> tuple[tuple[dict[Key, list[int]], dict[Key, list[int]]], list[str]]:
    """The trials with each option by what both share, and the names that only one of them has."""
    first, second = ({number: own for number, own in values.items() if own.get(choice) == option} for option in options)
    names = [name for name in shared_names(first.values(), second.values()) if name != choice]
    own_names = {name for own in (*first.values(), *second.values()) for name in own} - {choice, *names}
    return (by_values(first, names), by_values(second, names)), sorted(own_names)


def _mean(name: str, numbers: list[int], ranked: Mapping[int, RankedTrial]) -> float:
    return fmean(ranked[number].metrics[name] for number in numbers)


def _notes(choice: str, options: tuple[str, str], rest: list[str], num_pairs: int, sweep: Sweep) -> list[str]:
    notes = []
    if rest:
        notes.append(f"What only one of the two has ({listed(rest)}) is averaged over.")
    tried = searched(trial for trial in sweep.trials if trial.start.repeat_of is None)
    (first, second), _ = _sides(choice, options, tried)
    num_lost = sum(key in second for key in first) - num_pairs
    if num_lost > 0:
        notes.append(
            f"{num_lost} more pair{'s were' if num_lost > 1 else ' was'} tried, but one of the two is not ranked: "
            "where pruning took the worse one, this hides a difference."
        )
    return notes
