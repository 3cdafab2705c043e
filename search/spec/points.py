"""Points of the space that a person names: by a preset, by values, or by a trial with changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from data.config import DataConfig
from models.config.phases import PhaseConfig
from models.config.trial import TrialConfig
from search.errors import SpecError
from search.spec.explain import explain, nearest, shortened, shown
from search.spec.overrides import merged
from search.spec.preset import preset, presets
from search.spec.ranges import Choice, Fixed, plain
from search.spec.space import Assignment

if TYPE_CHECKING:
    from search.spec.space import Dimension
    from search.spec.sweep_spec import SweepSpec


def enqueued_points(spec: SweepSpec) -> list[Assignment]:
    """The searched values of each entry of `search.enqueue`; what an entry leaves open is not in its point.

    Raises:
        SpecError: there is no such preset or path, a value is outside its range, or the trial cannot be built.
    """
    points = []
    for number, entry in enumerate(spec.search.enqueue):
        at = ("search", "enqueue", number)
        try:
            points.append(_preset_point(spec, entry) if isinstance(entry, str) else checked_point(spec, entry))
        except SpecError as error:
            raise SpecError(f"search.enqueue: {error}", at) from None
    return points


def checked_point(spec: SweepSpec, values: Mapping[str, Any]) -> Assignment:
    """Searched values by path, as a trial gets them.

    Raises:
        SpecError: one is not searched, not in its range, or does not exist beside the others; or no trial can be built.
    """
    _require_searched(spec, values)
    point = _existing(spec, values, "it")
    if lost := [path for path in values if path not in point]:
        raise SpecError(f"{lost[0]} is searched only where {_condition(spec, lost[0])}; give that too, or leave it out")
    _require_buildable(spec, point)
    return point


def like(spec: SweepSpec, params: Mapping[str, Any], changes: Mapping[str, Any]) -> Assignment:
    """The searched values of a trial with changes; those whose condition no longer holds are left out.

    Raises:
        SpecError: as checked_point, of the changes; or a value of the trial is outside its range of today.
    """
    _require_searched(spec, changes)
    kept = {path: value for path, value in params.items() if path in _searched(spec)}
    point = _existing(spec, kept | dict(changes), "it")
    if lost := [path for path in changes if path not in point]:
        raise SpecError(f"{lost[0]} is searched only where {_condition(spec, lost[0])}; change that too")
    _require_buildable(spec, point)
    return point


def _preset_point(spec: SweepSpec, name: str) -> Assignment:
    known = list(presets())
    if name not in known:
        raise SpecError(f"no preset {shown(name)}; {nearest(name, known)}")
    point = _existing(spec, _values_at(_whole(preset(name)), _searched(spec)), name)
    _require_buildable(spec, point)
    return point


def _existing(spec: SweepSpec, values: Mapping[str, Any], who: str) -> Assignment:
    """Of the values those whose dimensions exist, as a trial gets them, in the order of the space."""
    point: Assignment = {}
    for dimension in spec.parsed_space.dimensions:
        if not dimension.exists(point):
            continue
        if isinstance(dimension.range, Fixed):
            point[dimension.path] = dimension.range.value
        elif dimension.path in values:
            value = values[dimension.path]
            if not dimension.range.contains(value):
                raise SpecError(_outside(dimension, value, who))
            point[dimension.path] = dimension.range.typed(value)
    return spec.parsed_space.searched(point)


def _outside(dimension: Dimension, value: Any, who: str) -> str:
    return (
        f"{who} has {dimension.path} {shortened(plain(value))}, which {dimension.range} does not contain; "
        "widen the range, or take another value"
    )


def _searched(spec: SweepSpec) -> list[str]:
    return [dimension.path for dimension in spec.parsed_space.dimensions if dimension.is_searched]


def _require_searched(spec: SweepSpec, values: Mapping[str, Any]) -> None:
    searched = _searched(spec)
    for path, value in values.items():
        if path not in searched:
            if isinstance(value, Mapping) and any(other.startswith(f"{path}.") for other in searched):
                raise SpecError(
                    f"{path} is a section; name its values by dotted path, such as {path}.{next(iter(value), 'x')}"
                )
            raise SpecError(f"{path} is not searched; {nearest(path, searched)}")


def _condition(spec: SweepSpec, path: str) -> str:
    when = spec.parsed_space.by_path[path].when
    return " and ".join(f"{parent} is {Choice(values)}" for parent, values in when)


def _require_buildable(spec: SweepSpec, point: Assignment) -> None:
    """What is open is tried with the first value that it can have."""
    whole: Assignment = {}
    for dimension in spec.parsed_space.dimensions:
        if dimension.exists(whole):
            range_ = dimension.range
            first = range_.values()[0] if isinstance(range_, Choice | Fixed) else range_.low
            whole[dimension.path] = point.get(dimension.path, first)
    try:
        spec.trial_config(whole)
    except ValidationError as error:
        raise SpecError(f"no trial can be built: {explain(error, TrialConfig)}") from None


def _whole(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A preset's configuration with everything that it leaves to the defaults."""
    data = DataConfig.model_construct(train=Path(), val=Path())
    whole = merged(TrialConfig.model_construct(data=data).model_dump(mode="json"), recipe)
    defaults = PhaseConfig.model_construct().model_dump(mode="json")
    return whole | {"phases": [merged(defaults, phase) for phase in whole["phases"]]}


def _values_at(config: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The values at those of the dotted paths that the configuration has."""
    values = {}
    for path in paths:
        value: Any = config
        try:
            for key in path.split("."):
                value = value[int(key)] if isinstance(value, list) else value[key]
        except (LookupError, TypeError):  # no such phase, or nothing in it by that name
            continue
        values[path] = value
    return values
