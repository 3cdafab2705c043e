"""The search space: what a sweep file says under `space`, as dimensions that Optuna draws from, with conditions.

loss.l1:               {log: [1, 300]}                                     see ranges.py
loss.gradient_penalty: {uniform: [1, 20], when: {loss.adversarial: wgan-gp}}   only if that choice was made
loss.critic_steps:     {int: [1, 5], when: {loss.adversarial: [wgan-gp, hinge], model.backbone: unet}}   both hold
"""

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import optuna
from optuna.distributions import BaseDistribution

from search.errors import SpecError
from search.spec.explain import nearest, shortened, shown
from search.spec.parse_range import parse_range
from search.spec.ranges import Choice, Fixed, FloatRange, IntRange, Range, same

Assignment = dict[str, Any]
"""A value for each dotted path of the trial configuration that the space covers."""
MAX_COMBINATIONS = 1000


@dataclass(frozen=True)
class Dimension:
    path: str
    range: Range
    when: tuple[tuple[str, tuple[Any, ...]], ...]
    """Pairs of another dimension's path and the values under which this one exists, if the other exists."""

    def exists(self, assignment: Mapping[str, Any]) -> bool:
        return all(path in assignment and _allows(values, assignment[path]) for path, values in self.when)

    @property
    def is_searched(self) -> bool:
        return not isinstance(self.range, Fixed)


@dataclass(frozen=True)
class Space:
    """Dimensions in the order of the file, but each after those that its conditions name."""

    dimensions: tuple[Dimension, ...]

    @cached_property
    def by_path(self) -> dict[str, Dimension]:
        return {dimension.path: dimension for dimension in self.dimensions}

    def suggest(self, trial: optuna.Trial) -> Assignment:
        """Draw a point of the space."""
        assignment: Assignment = {}
        for dimension in self.dimensions:
            if dimension.exists(assignment):
                range_ = dimension.range
                assignment[dimension.path] = (
                    range_.value if isinstance(range_, Fixed) else range_.suggest(trial, dimension.path)
                )
        return assignment

    def searched(self, assignment: Mapping[str, Any]) -> Assignment:
        """The part of an assignment that the sampler chose."""
        return {path: value for path, value in assignment.items() if self.by_path[path].is_searched}

    def distributions(self, assignment: Mapping[str, Any]) -> dict[str, BaseDistribution]:
        """What the searched values of an assignment were drawn from."""
        ranges = {path: self.by_path[path].range for path in assignment}
        return {path: range_.distribution() for path, range_ in ranges.items() if not isinstance(range_, Fixed)}

    def fits(self, params: Mapping[str, Any]) -> bool:
        """Whether the searched values of a trial, of this space or another, are those of a point of this one."""
        assignment: Assignment = {}
        for path, dimension in self.by_path.items():
            if not dimension.exists(assignment):
                continue
            if isinstance(dimension.range, Fixed):
                assignment[path] = dimension.range.value
            elif path in params and dimension.range.contains(params[path]):
                assignment[path] = params[path]
            else:
                return False
        return set(params) == set(self.searched(assignment))

    def grid(self) -> Iterator[Assignment]:
        """Every point once, the last dimension changing fastest.

        Raises:
            SpecError: a range is continuous.
        """
        for dimension in self.dimensions:
            if dimension.range.values() is None:
                raise SpecError(
                    f"space.{dimension.path}: {dimension.range} has no end of values for a grid; give uniform or int "
                    "with a step, or a choice",
                    at=("space", dimension.path),
                )
        return self._points(0, {})

    def _points(self, number: int, assignment: Assignment) -> Iterator[Assignment]:
        if number == len(self.dimensions):
            yield assignment
            return
        dimension = self.dimensions[number]
        if not dimension.exists(assignment):
            yield from self._points(number + 1, assignment)
            return
        for value in dimension.range.values() or ():
            yield from self._points(number + 1, {**assignment, dimension.path: value})

    def size(self) -> int | None:
        """The number of points; None: a range is continuous."""
        values = {dimension.path: dimension.range.values() for dimension in self.dimensions}
        known = {path: of_one for path, of_one in values.items() if of_one is not None}
        return self._count(known) if len(known) == len(values) else None

    def num_combinations(self) -> int:
        """Of the choices, whatever the numbers are."""
        return self._count({dimension.path: _options(dimension.range) for dimension in self.dimensions})

    @property
    def continuous(self) -> tuple[str, ...]:
        """Paths of the dimensions with more values than can be counted."""
        return tuple(dimension.path for dimension in self.dimensions if dimension.range.values() is None)

    def _count(self, values: Mapping[str, tuple[Any, ...]]) -> int:
        """Points, were these the values of each dimension."""
        states: Counter[frozenset[str]] = Counter({frozenset(): 1})  # by the dimensions that cannot exist any more
        for dimension in self._families():
            children = [other for other in self.dimensions if dimension.path in dict(other.when)]
            # Values that leave the same dimensions are counted as one: all points would be too many to visit.
            outcomes = Counter(
                frozenset(child.path for child in children if not _allows(dict(child.when)[dimension.path], value))
                for value in values[dimension.path]
            )
            counted: Counter[frozenset[str]] = Counter()
            for gone, count in states.items():
                rest = gone - {dimension.path}
                if dimension.path in gone:
                    counted[rest.union(child.path for child in children)] += count
                else:
                    for newly_gone, num_values in outcomes.items():
                        counted[rest | newly_gone] += count * num_values
            states = counted
        return states.total()

    def _families(self) -> list[Dimension]:
        """The dimensions with those that depend on one another side by side."""
        placed: dict[str, Dimension] = {}

        def place(dimension: Dimension) -> None:
            if dimension.path in placed or any(parent not in placed for parent, _ in dimension.when):
                return
            placed[dimension.path] = dimension
            for other in self.dimensions:
                if any(parent == dimension.path for parent, _ in other.when):
                    place(other)

        for dimension in self.dimensions:
            place(dimension)
        return list(placed.values())

    def corners(self) -> Iterator[Assignment]:
        """Every combination of the choices, with all numbers at their lowest, in between, and at their highest.

        Of more than MAX_COMBINATIONS of the choices, so many drawn at random, the same ones each time.
        """
        seen = set()
        for picks, probe in itertools.product(_combinations(self.dimensions), range(3)):
            assignment: Assignment = {}
            for dimension, pick in zip(self.dimensions, picks, strict=True):
                if dimension.exists(assignment):
                    range_ = dimension.range
                    numbers = range_.probes() if isinstance(range_, FloatRange | IntRange) else None
                    assignment[dimension.path] = numbers[probe] if numbers else pick
            if (key := repr(assignment)) not in seen:
                seen.add(key)
                yield assignment


def parse_space(entries: Mapping[str, Any]) -> Space:
    """Read the `space` of a sweep file.

    Raises:
        SpecError: a range is malformed, or a condition names no dimension or goes round in a circle.
    """
    dimensions = {
        path: Dimension(path, parse_range(path, entry), _conditions(path, entry)) for path, entry in entries.items()
    }
    for dimension in dimensions.values():
        for parent, values in dimension.when:
            _check_condition(dimension.path, parent, values, dimensions)
    return Space(tuple(_parents_first(dimensions)))


def _conditions(path: str, entry: Any) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    when = entry.get("when", {}) if isinstance(entry, dict) else {}
    if not isinstance(when, dict):
        raise SpecError(
            f"space.{path}: `when` is {shown(when)}; give the other path and its value: {{path: value}}",
            at=("space", path, "when"),
        )
    return tuple((parent, tuple(v) if isinstance(v, list) else (v,)) for parent, v in when.items())


def _check_condition(path: str, parent: str, values: tuple[Any, ...], dimensions: dict[str, Dimension]) -> None:
    if fault := _fault_of_condition(parent, values, dimensions):
        raise SpecError(f"space.{path}: depends on {fault}", at=("space", path, "when", parent))


def _fault_of_condition(parent: str, values: tuple[Any, ...], dimensions: dict[str, Dimension]) -> str:
    if parent not in dimensions:
        return f"{parent}, which the space does not list; {nearest(str(parent), list(dimensions))}"
    range_ = dimensions[parent].range
    options = range_.values()
    if isinstance(range_, FloatRange | IntRange) or options is None:
        return f"{parent}, a range of numbers; only a choice can be a condition"
    if isinstance(options[0], list | dict):
        return f"{parent}, which is no plain value; only a choice can be a condition"
    if not values:
        return f"{parent} being one of none; name a value of {shortened(str(range_))}"
    for value in values:
        if not _allows(options, value):
            return f"{parent} being {shown(value)}; it can be {shortened(str(range_))}"
    return ""


def _parents_first(dimensions: dict[str, Dimension]) -> Iterator[Dimension]:
    left = dict(dimensions)
    while left:
        ready = (path for path, dimension in left.items() if not any(parent in left for parent, _ in dimension.when))
        if (path := next(ready, None)) is None:
            raise SpecError(
                f"space: the conditions of {', '.join(left)} depend on one another; break the circle",
                at=("space", next(iter(left))),
            )
        yield left.pop(path)


def _allows(values: tuple[Any, ...], value: Any) -> bool:
    return any(same(value, one) for one in values)


def _combinations(dimensions: tuple[Dimension, ...]) -> Iterator[tuple[Any, ...]]:
    options = [_options(dimension.range) for dimension in dimensions]
    if math.prod(map(len, options)) <= MAX_COMBINATIONS:
        yield from itertools.product(*options)
        return
    pick = random.Random(0)  # noqa: S311
    for _ in range(MAX_COMBINATIONS):
        yield tuple(pick.choice(values) for values in options)


def _options(range_: Range) -> tuple[Any, ...]:
    """What a choice can be; one stand-in for a range of numbers."""
    return range_.values() if isinstance(range_, Choice | Fixed) else (None,)
