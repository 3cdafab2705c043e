"""Trials at one point of the space, and trials that are one training twice: with one configuration, seed included.

They come of points that somebody enqueued, and of spaces with few points. One of them says all that both say, and two
equal lines in a ranking pass for two configurations.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from search.records import Trial


def point_key(params: Mapping[str, Any]) -> str:
    """The same text for equal searched values, in whatever order they come."""
    return json.dumps(params, sort_keys=True, default=str)


def same_training(trials: Iterable[Trial]) -> dict[int, int]:
    """By number, the trials that are the training of another one of these once more, and which one that is: the first
    that is complete, or the first if none is.

    What took over another's values on its way is no training of its configuration, and is left out; so is a trial
    whose configuration is not recorded.
    """
    stands_for: dict[str, int] = {}
    found: dict[int, int] = {}
    for trial in sorted(trials, key=lambda trial: (trial.state.state != "complete", trial.number)):
        if trial.config and not trial.exploits:
            first = stands_for.setdefault(json.dumps(trial.config, sort_keys=True), trial.number)
            if first != trial.number:
                found[trial.number] = first
    return found
