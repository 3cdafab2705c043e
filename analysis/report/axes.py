"""Axes of parallel coordinates: where each trial's value stands between 0, the bottom, and 1."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

MAX_WORDS = 12
NUM_TICKS = 5
MAX_DIGITS = 6
MAX_WRITTEN_OUT = 1e7
ROOM = 0.1
"""Between two ticks, at least."""
LOG_FROM = 20.0
"""Ratio of the largest to the smallest value from which a positive axis is logarithmic."""
UNSEARCHED = -0.14
"""Height at which a line passes an axis whose parameter its trial was not asked for."""


@dataclass(frozen=True)
class Axis:
    """A vertical axis; texts are escaped."""

    title: str
    heights: tuple[float, ...]
    """Of each trial."""
    texts: tuple[str, ...]
    """The value of each trial, in words."""
    ticks: tuple[tuple[float, str], ...]

    def turned(self) -> "Axis":
        """The same upside down."""
        return replace(
            self,
            heights=tuple(1 - height for height in self.heights),
            ticks=tuple((1 - height, text) for height, text in self.ticks),
        )


def number_axis(title: str, values: Sequence[float | None], text: Callable[[float], str]) -> Axis:
    """Linear, or logarithmic if positive values span more than LOG_FROM. Values are finite, None if not searched."""
    present = sorted({value for value in values if value is not None})
    low, high = present[0], present[-1]
    logarithmic = low > 0 and high / low > LOG_FROM
    to, back = (math.log, math.exp) if logarithmic else (float, float)
    span = (to(high) - to(low)) or 1.0
    height = {value: (to(value) - to(low)) / span for value in present}
    if len(present) <= NUM_TICKS and all(above - below > ROOM for below, above in pairwise(height.values())):
        ticks = [(height[value], text(value)) for value in present]
    else:
        places = [index / (NUM_TICKS - 1) for index in range(NUM_TICKS)]
        ticks = list(zip(places, _short([back(to(low) + place * span) for place in places], text), strict=True))
    return Axis(
        title,
        tuple(UNSEARCHED if value is None else height[value] for value in values),
        tuple("not searched" if value is None else _escaped(text(value)) for value in values),
        tuple(ticks),
    )


def word_axis(title: str, words: Sequence[str | None]) -> Axis:
    """A place for each word, in alphabetical order, with MAX_WORDS ticks at most; None: not searched."""
    known = sorted({word for word in words if word is not None})
    height = {word: index / max(1, len(known) - 1) for index, word in enumerate(known)}
    step = -(-len(known) // MAX_WORDS)
    return Axis(
        title,
        tuple(UNSEARCHED if word is None else height[word] for word in words),
        tuple("not searched" if word is None else _escaped(word) for word in words),
        tuple((height[word], _escaped(word[:16])) for word in known[::step]),
    )


def _short(values: Sequence[float], text: Callable[[float], str]) -> list[str]:
    """The values of ticks: where they are no shares, to as few digits as tell them apart, two or more."""
    said = [text(value) for value in values]
    if any("%" in one for one in said):
        return said
    digits = next(
        (digits for digits in range(2, MAX_DIGITS) if len({_number(value, digits) for value in values}) == len(values)),
        MAX_DIGITS,
    )
    return [_number(value, digits) for value in values]


def _number(value: float, digits: int) -> str:
    """All digits before the point, where `g` would write a power of ten."""
    said = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in said and abs(value) < MAX_WRITTEN_OUT else said


def _escaped(text: str) -> str:
    return escape(text[:60], quote=False)
