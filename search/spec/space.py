"""The search space: what a sweep file says under `space`, as ranges that Optuna draws from, with conditions.

loss.l1:               {log: [1, 300]}                                     a float, on a log scale
loss.gradient_penalty: {uniform: [1, 20], when: {loss.adversarial: wgan-gp}}   only if that choice was made
early_stopping.classification.patience: {int: [2, 8]}                      a whole number, both ends included
loss.adversarial:      [bce, wgan-gp]                                      one of these
epochs:                20                                                  always this
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import optuna

from search.errors import SpecError

Assignment = dict[str, Any]
"""A value for each dotted path of the trial configuration that the space covers."""


@dataclass(frozen=True)
class FloatRange:
    low: float
    high: float
    log: bool

    def suggest(self, trial: optuna.Trial, path: str) -> float:
        return trial.suggest_float(path, self.low, self.high, log=self.log)

    def probes(self) -> tuple[Any, ...]:
        """The lowest, an inner and the highest value."""
        inner = self.low + (self.high - self.low) / math.pi  # the middle of [4, 8] would pass for a whole number
        return self.low, inner, self.high


@dataclass(frozen=True)
class IntRange:
    low: int
    high: int

    def suggest(self, trial: optuna.Trial, path: str) -> int:
        return trial.suggest_int(path, self.low, self.high)

    def probes(self) -> tuple[Any, ...]:
        """The lowest, an inner and the highest value."""
        return self.low, (self.low + self.high) // 2, self.high


@dataclass(frozen=True)
class Choice:
    options: tuple[Any, ...]

    def suggest(self, trial: optuna.Trial, path: str) -> Any:
        return trial.suggest_categorical(path, self.options)


@dataclass(frozen=True)
class Fixed:
    value: Any

    def suggest(self, trial: optuna.Trial, path: str) -> Any:
        return self.value


Range = FloatRange | IntRange | Choice | Fixed
MAX_COMBINATIONS = 1000


@dataclass(frozen=True)
class Dimension:
    path: str
    range: Range
    when: tuple[tuple[str, tuple[Any, ...]], ...]
    """Pairs of another dimension's path and the values under which this one exists."""

    def exists(self, assignment: Assignment) -> bool:
        return all(assignment.get(path) in values for path, values in self.when)


@dataclass(frozen=True)
class Space:
    """Dimensions, each after those that its conditions name."""

    dimensions: tuple[Dimension, ...]

    def suggest(self, trial: optuna.Trial) -> Assignment:
        """Draw a point of the space."""
        assignment: Assignment = {}
        for dimension in self.dimensions:
            if dimension.exists(assignment):
                assignment[dimension.path] = dimension.range.suggest(trial, dimension.path)
        return assignment

    def searched(self, assignment: Assignment) -> Assignment:
        """The part of an assignment that the sampler chose."""
        fixed = {dimension.path for dimension in self.dimensions if isinstance(dimension.range, Fixed)}
        return {path: value for path, value in assignment.items() if path not in fixed}

    def corners(self) -> Iterator[Assignment]:
        """Every combination of the choices, with all numbers at their lowest, in between, and at their highest.

        Of more than MAX_COMBINATIONS of the choices, so many drawn at random, the same ones each time.
        """
        options = [_options(dimension.range) for dimension in self.dimensions]
        for picks, probe in itertools.product(_combinations(options), range(3)):
            assignment: Assignment = {}
            for dimension, pick in zip(self.dimensions, picks, strict=True):
                if dimension.exists(assignment):
                    numeric = isinstance(dimension.range, FloatRange | IntRange)
                    assignment[dimension.path] = pick[probe] if numeric else pick
            yield assignment


def parse_space(entries: dict[str, Any]) -> Space:
    """Read the `space` of a sweep file.

    Raises:
        SpecError: a range is malformed, or a condition names no dimension or goes round in a circle.
    """
    dimensions = {path: _dimension(path, entry) for path, entry in entries.items()}
    for dimension in dimensions.values():
        for parent, values in dimension.when:
            _check_condition(dimension.path, parent, values, dimensions)
    return Space(tuple(_parents_first(dimensions)))


def _dimension(path: str, entry: Any) -> Dimension:
    if isinstance(entry, list):
        return Dimension(path, _choice(path, entry), ())
    if not isinstance(entry, dict):
        return Dimension(path, Fixed(entry), ())
    kinds = [kind for kind in entry if kind != "when"]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        raise SpecError(
            f"space: {path} is {entry}; give one of {', '.join(KINDS)}, and `when` if it depends on another"
        )
    conditions = entry.get("when", {})
    if not isinstance(conditions, dict):
        raise SpecError(
            f"space: `when` of {path} is {conditions!r}; give the other path and its value: {{path: value}}"
        )
    when = tuple((parent, tuple(v) if isinstance(v, list) else (v,)) for parent, v in conditions.items())
    return Dimension(path, KINDS[kinds[0]](path, entry[kinds[0]]), when)


def _check_condition(path: str, parent: str, values: tuple[Any, ...], dimensions: dict[str, Dimension]) -> None:
    if parent not in dimensions:
        raise SpecError(f"space: {path} depends on {parent}, which the space does not list; add it")
    range_ = dimensions[parent].range
    if isinstance(range_, FloatRange | IntRange):
        raise SpecError(f"space: {path} depends on {parent}, a range of numbers; only a choice can be a condition")
    options = _options(range_)
    for value in values:
        if value not in options:
            raise SpecError(f"space: {path} depends on {parent} being {value!r}; it can be {options}")


def _parents_first(dimensions: dict[str, Dimension]) -> Iterator[Dimension]:
    placed: set[str] = set()
    while len(placed) < len(dimensions):
        ready = [
            d for d in dimensions.values() if d.path not in placed and all(parent in placed for parent, _ in d.when)
        ]
        if not ready:
            left = ", ".join(path for path in dimensions if path not in placed)
            raise SpecError(f"space: the conditions of {left} depend on one another; break the circle")
        placed.update(dimension.path for dimension in ready)
        yield from ready


def _ends(path: str, value: Any) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        raise SpecError(f"space: {path} has the range {value!r}; give [lowest, highest]") from None
    if not isinstance(value, list) or not math.isfinite(low) or not math.isfinite(high):
        raise SpecError(f"space: {path} has the range {value!r}; give [lowest, highest] as two finite numbers")
    if not low < high:
        raise SpecError(f"space: {path} has the range {value!r}; its first number must be below its second")
    return low, high


def _uniform(path: str, value: Any) -> FloatRange:
    return FloatRange(*_ends(path, value), log=False)


def _log(path: str, value: Any) -> FloatRange:
    low, high = _ends(path, value)
    if low <= 0:
        raise SpecError(f"space: {path} has the log range {value!r}; its lowest value must be above 0")
    return FloatRange(low, high, log=True)


def _int(path: str, value: Any) -> IntRange:
    low, high = _ends(path, value)
    if low != int(low) or high != int(high):
        raise SpecError(f"space: {path} has the int range {value!r}; give whole numbers")
    return IntRange(int(low), int(high))


def _choice(path: str, value: Any) -> Choice:
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(v, str | int | float | bool | None) for v in value)
    ):
        raise SpecError(f"space: {path} has the choices {value!r}; give a list of plain values")
    if len(set(value)) < len(value):
        raise SpecError(f"space: {path} has the choices {value!r}; give each only once")
    return Choice(tuple(value))


def _fixed(path: str, value: Any) -> Fixed:
    return Fixed(value)


def _options(range_: Range) -> list[Any]:
    if isinstance(range_, Choice):
        return list(range_.options)
    return [range_.value] if isinstance(range_, Fixed) else [range_.probes()]


def _combinations(options: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    if math.prod(map(len, options)) <= MAX_COMBINATIONS:
        yield from itertools.product(*options)
        return
    pick = random.Random(0)  # noqa: S311
    for _ in range(MAX_COMBINATIONS):
        yield tuple(pick.choice(values) for values in options)


KINDS: dict[str, Callable[[str, Any], Range]] = {
    "uniform": _uniform,
    "log": _log,
    "int": _int,
    "choice": _choice,
    "fixed": _fixed,
}
