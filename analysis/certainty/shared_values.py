"""Which trials share their searched values."""

import json
from collections.abc import Collection, Iterable, Mapping

from search.records import Trial

Values = dict[str, str]
"""A trial's searched values by path, as JSON."""
Key = tuple[str | None, ...]


def searched(trials: Iterable[Trial]) -> dict[int, Values]:
    """By trial number."""
    return {
        trial.number: {name: json.dumps(value, sort_keys=True, default=str) for name, value in trial.params.items()}
        for trial in trials
    }


def shared_names(first: Iterable[Values], second: Iterable[Values]) -> list[str]:
    """The paths that trials of both groups have searched, in alphabetical order.

    What only one group has, such as a penalty that belongs to one of its losses, says nothing about the other.
    """
    return sorted(_names(first) & _names(second))


def by_values(values: Mapping[int, Values], names: Collection[str]) -> dict[Key, list[int]]:
    """The numbers of trials that are alike in these values."""
    alike: dict[Key, list[int]] = {}
    for number, own in values.items():
        alike.setdefault(tuple(own.get(name) for name in names), []).append(number)
    return alike


def _names(group: Iterable[Values]) -> set[str]:
    return {name for values in group for name in values}
