"""What a value of a trial may be: the kinds of range that a sweep file can give.

uniform: [1, 20]                 a float between two, both included
uniform: [0, 1], step: 0.1       one of 0, 0.1, 0.2 ... 1
log: [1, 300]                    a float, on a log scale
int: [2, 8]                      a whole number, both ends included; with a step: every so many
int-log: [1, 1000]               a whole number, on a log scale
choice: [bce, wgan-gp]           one of these
fixed: 20                        always this
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

MAX_VALUES = 10_000
"""A range of more values counts as continuous: nobody tries them all."""


@dataclass(frozen=True)
class FloatRange:
    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __str__(self) -> str:
        return _in_words("log" if self.log else "uniform", self.low, self.high, self.step)

    def distribution(self) -> BaseDistribution:
        return FloatDistribution(self.low, self.high, log=self.log, step=self.step)

    def suggest(self, trial: optuna.Trial, path: str) -> float:
        return trial.suggest_float(path, self.low, self.high, log=self.log, step=self.step)

    def probes(self) -> tuple[float, ...]:
        """The lowest, an inner and the highest value."""
        if self.step is not None:
            middle = self._num_steps // 2
            return self.low, _stepped(self.low, self.step, middle), self.high
        inner = self.low + (self.high - self.low) / math.pi  # the middle of [4, 8] would pass for a whole number
        return self.low, inner, self.high

    def values(self) -> tuple[float, ...] | None:
        """All of them; None: too many to tell."""
        if self.step is None or self._num_steps >= MAX_VALUES:
            return None
        return tuple(_stepped(self.low, self.step, number) for number in range(self._num_steps + 1))

    def contains(self, value: Any) -> bool:
        if not _is_number(value) or not self.low <= value <= self.high:
            return False
        if self.step is None:
            return True
        steps = (value - self.low) / self.step
        return bool(abs(steps - round(steps)) < 1e-8)  # as Optuna tolerates

    def typed(self, value: Any) -> float:
        """A value that it contains, as a trial gets it."""
        return float(value)

    @property
    def _num_steps(self) -> int:
        assert self.step is not None
        return round((self.high - self.low) / self.step)


@dataclass(frozen=True)
class IntRange:
    low: int
    high: int
    log: bool = False
    step: int = 1

    def __str__(self) -> str:
        return _in_words("int-log" if self.log else "int", self.low, self.high, None if self.step == 1 else self.step)

    def distribution(self) -> BaseDistribution:
        return IntDistribution(self.low, self.high, log=self.log, step=self.step)

    def suggest(self, trial: optuna.Trial, path: str) -> int:
        return trial.suggest_int(path, self.low, self.high, log=self.log, step=self.step)

    def probes(self) -> tuple[int, ...]:
        """The lowest, an inner and the highest value."""
        num_steps = (self.high - self.low) // self.step
        return self.low, self.low + num_steps // 2 * self.step, self.high

    def values(self) -> tuple[int, ...] | None:
        """All of them; None: too many to tell."""
        numbers = range(self.low, self.high + 1, self.step)
        return tuple(numbers) if len(numbers) <= MAX_VALUES else None

    def contains(self, value: Any) -> bool:
        if not _is_number(value) or value != int(value):
            return False
        return bool(self.low <= value <= self.high and (value - self.low) % self.step == 0)

    def typed(self, value: Any) -> int:
        """A value that it contains, as a trial gets it."""
        return int(value)


@dataclass(frozen=True)
class Choice:
    options: tuple[Any, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(plain, self.options))}]"

    def distribution(self) -> BaseDistribution:
        return CategoricalDistribution(self.options)

    def suggest(self, trial: optuna.Trial, path: str) -> Any:
        return trial.suggest_categorical(path, self.options)

    def values(self) -> tuple[Any, ...]:
        return self.options

    def contains(self, value: Any) -> bool:
        return any(same(value, option) for option in self.options)

    def typed(self, value: Any) -> Any:
        """A value that it contains, as a trial gets it."""
        return next(option for option in self.options if same(value, option))


@dataclass(frozen=True)
class Fixed:
    """The same in all trials: nothing to search."""

    value: Any

    def __str__(self) -> str:
        return plain(self.value)

    def values(self) -> tuple[Any, ...]:
        return (self.value,)


Searched = FloatRange | IntRange | Choice
Range = Searched | Fixed


def same(value: Any, other: Any) -> bool:
    """Equal, where Python's `True == 1` is no equality."""
    return bool(isinstance(value, bool) == isinstance(other, bool) and value == other)


def plain(value: Any) -> str:
    """A value as a YAML file has it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def next_step(span: float, step: float, *, whole: bool) -> float:
    """The step nearest above `step` that divides `span` (a whole number of times) and can be written down."""
    num_steps = max(1, int(exactly(span) / exactly(step)))
    for number in range(min(num_steps, MAX_VALUES), 1, -1):
        candidate = exactly(span) / number
        if candidate.denominator == 1 or (not whole and exactly(float(candidate)) == candidate):
            return float(candidate)
    return span


def exactly(number: float) -> Fraction:
    """The decimal number that was written, where floats would say that 0.1 does not divide 0.3."""
    return Fraction(str(number))


def _stepped(low: float, step: float, number: int) -> float:
    return float(exactly(low) + number * exactly(step))


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _in_words(kind: str, low: float, high: float, step: float | None) -> str:
    return f"{{{kind}: [{plain(low)}, {plain(high)}]{'' if step is None else f', step: {plain(step)}'}}}"
