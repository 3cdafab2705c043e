"""The ranges in which a population moves, each as a way from 0 to 1."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from search.spec.ranges import FloatRange
from search.spec.space import Dimension


@dataclass(frozen=True)
class Axis:
    path: str
    range: FloatRange

    def at(self, position: float) -> float:
        """The value at a position from 0 to 1; even steps are even factors where the range is logarithmic."""
        low, high = self.range.low, self.range.high
        value = low * (high / low) ** position if self.range.log else low + (high - low) * position
        return self.clipped(value)

    def position(self, value: float) -> float:
        """Where a value lies, from 0 to 1; one from outside the range, as somebody enqueued it, at its end."""
        low, high = self.range.low, self.range.high
        value = min(max(value, low), high)
        if self.range.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def clipped(self, value: float) -> float:
        """The nearest value that the range contains."""
        if (values := self.range.values()) is not None:
            return min(values, key=lambda other: abs(other - value))
        return min(max(value, self.range.low), self.range.high)


def axes_of(dimensions: Iterable[Dimension]) -> tuple[Axis, ...]:
    """Of the ranges of floats that every trial has. A choice moves too, but only by taking over another's."""
    return tuple(
        Axis(dimension.path, dimension.range)
        for dimension in dimensions
        if isinstance(dimension.range, FloatRange) and not dimension.when
    )
