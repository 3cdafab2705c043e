"""The searched space as a unit cube: every value a number, so that models can be fitted to trials."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import HuetuneError
from search.records import SweepRecord
from search.spec.ranges import Choice, Fixed, Searched, same
from search.spec.space import Dimension, Space, parse_space

Array = NDArray[np.float64]
INACTIVE = 0.5
"""What stands for a number that a trial does not have, the middle: the default that Hutter et al. 2014 impute too."""


@dataclass(frozen=True)
class Axis:
    """A searched parameter."""

    path: str
    range: Searched
    when: tuple[tuple[str, tuple[float, ...]], ...]
    """Pairs of a choice's path and the positions at which this parameter exists."""

    @property
    def options(self) -> tuple[Any, ...]:
        """What it can be; empty for a range of numbers."""
        return self.range.options if isinstance(self.range, Choice) else ()

    def position(self, value: Any) -> float:
        """Of a number from 0 to 1 on the range's own scale, of an option its index."""
        if isinstance(self.range, Choice):
            return float(next(i for i, option in enumerate(self.range.options) if same(option, value)))
        low, high = self.range.low, self.range.high
        if self.range.log:
            return math.log(value / low) / math.log(high / low)
        return float((value - low) / (high - low))

    def value(self, position: float) -> Any:
        """The inverse of `position`; whole numbers are not rounded."""
        if isinstance(self.range, Choice):
            return self.range.options[int(position)]
        low, high = float(self.range.low), float(self.range.high)
        return low * (high / low) ** position if self.range.log else low + (high - low) * position


@dataclass(frozen=True)
class ScaledSpace:
    """The parameters that differ between trials, each after those that its conditions name.

    Points are (n, d) positions; nan: the trial does not have this parameter.
    """

    space: Space
    axes: tuple[Axis, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        return {axis.path: number for number, axis in enumerate(self.axes)}

    @cached_property
    def features_of(self) -> tuple[slice, ...]:
        """Which columns of `features` each axis has: one, or one for each option."""
        ends = np.cumsum([max(1, len(axis.options)) for axis in self.axes]).tolist()
        return tuple(slice(end - max(1, len(axis.options)), end) for end, axis in zip(ends, self.axes, strict=True))

    def positions(self, params: Iterable[Mapping[str, Any]]) -> Array:
        """(n, d) positions of the searched values of trials of this space."""
        rows = [
            [axis.position(values[axis.path]) if axis.path in values else math.nan for axis in self.axes]
            for values in params
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.axes))

    def drawn(self, num_points: int, seed: int) -> Array:
        """(n, d) positions drawn evenly, as if every parameter always existed: see `with_conditions`."""
        points = np.random.default_rng(seed).random((num_points, len(self.axes)))
        for column, axis in enumerate(self.axes):
            if axis.options:
                points[:, column] = np.floor(points[:, column] * len(axis.options))
        return points

    def with_conditions(self, points: Array) -> Array:
        """The same (n, d) points, nan where a parameter's conditions do not hold."""
        points = points.copy()
        for column, axis in enumerate(self.axes):
            for parent, allowed in axis.when:
                # A parent that does not exist is nan, and so in no list: its children do not exist either.
                points[~np.isin(points[:, self.index[parent]], allowed), column] = np.nan
        return points

    def features(self, points: Array) -> Array:
        """(n, f) numbers for a regression: a column for each number and for each option, without nan."""
        columns = []
        for column, axis in zip(points.T, self.axes, strict=True):
            if axis.options:
                columns += [(column == number).astype(np.float64) for number in range(len(axis.options))]
            else:
                columns.append(np.where(np.isnan(column), INACTIVE, column))
        return np.stack(columns, axis=1) if columns else np.zeros((len(points), 0))


def scaled_space(record: SweepRecord) -> ScaledSpace:
    """The space of a sweep, without what is the same in all trials; empty if the record has none that can be read."""
    entries = record.spec.get("space")
    try:
        space = parse_space(entries if isinstance(entries, dict) else {})
    except HuetuneError:  # written by an older version
        space = Space(())
    axes = []
    for dimension in space.dimensions:
        when = _conditions(dimension, space.by_path)
        if not isinstance(dimension.range, Fixed) and when is not None and _varies(dimension.range):
            axes.append(Axis(dimension.path, dimension.range, when))
    return ScaledSpace(space, tuple(axes))


def _varies(range_: Searched) -> bool:
    return len(range_.options) > 1 if isinstance(range_, Choice) else range_.low < range_.high


def _conditions(
    dimension: Dimension, by_path: Mapping[str, Dimension]
) -> tuple[tuple[str, tuple[float, ...]], ...] | None:
    """Conditions on parameters that vary; those on others are resolved. None: the dimension can never exist."""
    found: list[tuple[str, tuple[float, ...]]] = []
    for path, values in dimension.when:
        parent = by_path[path]
        options = parent.range.values() or ()
        allowed = tuple(float(i) for i, option in enumerate(options) if any(same(option, value) for value in values))
        above = _conditions(parent, by_path)
        if above is None or not allowed:
            return None
        found += [(path, allowed)] if len(options) > 1 else above
    return tuple(found)
