"""What a trial must reach to count: `accuracy >= 0.7`."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.evaluation import DIRECTIONS
from search.errors import SpecError
from search.spec.explain import nearest, shown

_FORM = re.compile(r"\s*(\w+)\s*(>=|<=)\s*(\S+)\s*")


@dataclass(frozen=True)
class Constraint:
    metric: str
    sense: Literal[">=", "<="]
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sense} {self.bound:g}"

    def violation(self, metrics: Mapping[str, float]) -> float:
        """How far the metric is from the bound: 0 where it is met, infinite where it was not measured."""
        value = metrics.get(self.metric, math.nan)
        if not math.isfinite(value):
            return math.inf
        return max(0.0, self.bound - value if self.sense == ">=" else value - self.bound)

    def met(self, metrics: Mapping[str, float]) -> bool:
        return self.violation(metrics) == 0


def parse_constraints(texts: tuple[str, ...]) -> tuple[Constraint, ...]:
    """Read the `constraints` of a sweep file.

    Raises:
        SpecError: one is malformed or of an unknown metric, or two contradict each other.
    """
    constraints = tuple(_parse(text, number) for number, text in enumerate(texts))
    for number, one in enumerate(constraints):
        for other in constraints[:number]:
            if one.metric == other.metric and _exclude(one, other):
                raise SpecError(
                    f"constraints: no trial can have both {other} and {one}; change one", at=("constraints", number)
                )
    return constraints


def _parse(text: str, number: int) -> Constraint:
    at = ("constraints", number)
    found = _FORM.fullmatch(text)
    bound = _number(found[3]) if found else None
    if found is None or bound is None:
        raise SpecError(f"constraints: {shown(text)} is none; give METRIC >= NUMBER or METRIC <= NUMBER", at)
    if found[1] not in DIRECTIONS:
        raise SpecError(f"constraints: unknown metric {found[1]}; {nearest(found[1], list(DIRECTIONS))}", at)
    return Constraint(found[1], ">=" if found[2] == ">=" else "<=", bound)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _exclude(one: Constraint, other: Constraint) -> bool:
    if one.sense == other.sense:
        return False
    lower, upper = (one, other) if one.sense == ">=" else (other, one)
    return lower.bound > upper.bound
