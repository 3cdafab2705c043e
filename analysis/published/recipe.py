"""Which preset a trial is a training of, and in what its configuration differs from the preset's."""

import functools
from collections.abc import Mapping
from typing import Any

from analysis.display import value_text
from analysis.published.settings import OF_NO_MATTER, SCALE, matches, never_read, settings
from search.records import Sweep, Trial
from search.spec.preset import preset, presets

_SECTIONS = {"model", "loss", "optimizer"}
"""Without these a record says too little. Settings that came later than a record had the value of their default."""


def preset_of(trial: Trial, sweep: Sweep) -> str | None:
    """The preset whose recipe the trial is, or as which `search.enqueue` named it; None: neither.

    A recipe at another scale (settings.SCALE) is the same recipe. A trial that took over another's values has none.
    """
    if trial.exploits or not trial.config.keys() >= _SECTIONS:
        return None
    return next((name for name in presets() if _is(trial.config, name)), None) or _enqueued_as(trial, sweep)


def differences(trial: Trial, name: str) -> tuple[str, ...]:
    """In what a trial's training differs from a preset, such as `epochs 50 instead of 30`."""
    ours, theirs = settings(trial.config), _recipe(name)
    without_effect = tuple(set(never_read(ours)) & set(never_read(theirs)))
    paths = [path for path in {**theirs, **ours} if not matches(path, OF_NO_MATTER + without_effect)]
    return tuple(
        f"{path} {_text(ours.get(path))} instead of {_text(theirs.get(path))}"
        for path in paths
        if ours.get(path) != theirs.get(path)
    )


def _is(config: Mapping[str, Any], name: str) -> bool:
    """Whether a configuration has all that makes the recipe. Looks values up: most trials differ in the first ones."""
    if len(config.get("phases", ())) != _num_phases(name):
        return False
    return all(_found(config, keys, default) == value for keys, value, default in _decisive(name))


def _found(config: Mapping[str, Any], keys: tuple[str, ...], default: Any) -> Any:
    value: Any = config
    for key in keys:
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (LookupError, TypeError):
            return default
    return value


@functools.cache
def _recipe(name: str) -> dict[str, Any]:
    return settings(preset(name))


@functools.cache
def _num_phases(name: str) -> int:
    return len(preset(name).get("phases", ()))


@functools.cache
def _decisive(name: str) -> tuple[tuple[tuple[str, ...], Any, Any], ...]:
    """Keys, value and default of each setting that a trial must share with the preset; the most searched ones first."""
    recipe, defaults = _recipe(name), settings({"phases": [{}] * _num_phases(name)})
    patterns = OF_NO_MATTER + SCALE + never_read(recipe)
    paths = [path for path in recipe if not matches(path, patterns)]
    paths.sort(key=lambda path: not path.startswith("loss."))
    return tuple((tuple(path.split(".")), recipe[path], defaults.get(path)) for path in paths)


def _enqueued_as(trial: Trial, sweep: Sweep) -> str | None:
    """The first numbers of a sweep are those of `search.enqueue`, in its order."""
    entries = sweep.record.spec.get("search", {}).get("enqueue", [])
    if trial.start.origin != "enqueued" or trial.start.order or trial.number >= len(entries):
        return None
    entry = entries[trial.number]
    return entry if isinstance(entry, str) and entry in presets() else None


def _text(value: Any) -> str:
    return "none" if value is None else value_text(value)
