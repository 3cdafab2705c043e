"""What a user can say about the ranking: in what order trials come, and which of their evaluations counts."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from analysis.display import LABELS, SHARES
from analysis.ranking.counted import Counts
from analysis.ranking.orders import KneeOrder, Order, ParetoOrder, StepsOrder, WeightedOrder
from data.errors import HuetuneError
from models.evaluation import DIRECTIONS
from search.spec.constraints import Constraint
from search.spec.explain import nearest, shown

_FORMS = "steps (accuracy >= 0.8, then fid) or weights (fid: 1, l1: 2)"
_NAMED: dict[str, Order] = {"pareto": ParetoOrder(), "knee": KneeOrder()}
_STEPS = re.compile(r"\s*,\s*(?:then\s+)?|\s+then\s+")
_STEP = re.compile(r"(\w+)(?:\s*(>=|<=)\s*(\S+))?")
_WEIGHT = re.compile(r"\s*(\w+)\s*:\s*(\S+)\s*")
_COUNTED: dict[Counts, str] = {
    "last": "by their last evaluation",
    "best-joint": (
        "by the evaluation that best-joint.pt was kept at, the one with the least product of the tasks' errors: the "
        "luckiest of several on the same photos, so a little optimistic"
    ),
    "best": (
        "by the best value of each metric over all their evaluations: optimistic, since it takes the luckiest of many "
        "measurements, and no one checkpoint need have all values of a row"
    ),
}


class RuleError(HuetuneError):
    """What a user said about the ranking cannot be understood."""


@dataclass(frozen=True)
class Rule:
    """How trials are ranked."""

    order: Order = _NAMED["pareto"]
    counts: Counts = "last"

    @classmethod
    def parse(cls, order: str = "pareto", counts: str = "last") -> "Rule":
        """Read `--order` and `--counts`.

        order: `pareto`, `knee`, steps such as `accuracy >= 0.8, then fid`, or weights such as `fid: 1, accuracy: 2`.

        Raises:
            RuleError: one of them is malformed, or of an unknown metric.
        """
        for known in get_args(Counts):
            if counts == known:
                return cls(_parse_order(order), known)
        raise RuleError(f"--counts {shown(counts)} is unknown; {nearest(counts, get_args(Counts))}")

    def statement(self, objectives: Collection[str], constraints: Collection[Constraint]) -> str:
        """In words, which trials are compared by what and how they are ordered."""
        ties = f"{_chain(objectives)}, then trial number"
        bounds = f" that meet {' and '.join(map(str, constraints))}" if constraints else ""
        compared = f"Complete trials{bounds} are compared {_COUNTED[self.counts]}."
        if not self.order.words:
            return f"{compared} They are ordered by {ties}."
        return f"{compared} They are ordered by {self.order.words}. Ties go by {ties}."

    def in_short(self, objectives: Collection[str]) -> str:
        """What the first is first by, in a few words: `Pareto front, then FID, then accuracy`."""
        return f"the order {self.order}" if self.order.words else _chain(objectives)


DEFAULT = Rule()


def _chain(objectives: Collection[str]) -> str:
    labels = [LABELS.get(name, name) for name in objectives]
    return ", then ".join(["Pareto front", *labels] if len(labels) > 1 else labels)


def _parse_order(text: str) -> Order:
    stripped = text.strip()
    if stripped in _NAMED:
        return _NAMED[stripped]
    if not stripped:
        raise RuleError(f"--order is empty; give {' or '.join(_NAMED)}, {_FORMS}")
    if ":" in stripped:
        weights = tuple(_weight(part) for part in stripped.split(","))
        if len(dict(weights)) < len(weights):
            raise RuleError(f"--order {shown(text)} weighs a metric twice; give each one weight")
        return WeightedOrder(weights)
    parts = _STEPS.split(stripped)
    return StepsOrder(tuple(_step(part, alone=len(parts) == 1) for part in parts))


def _weight(part: str) -> tuple[str, float]:
    found = _WEIGHT.fullmatch(part)
    if found is None:
        raise RuleError(f"--order: {shown(part.strip())} is no weight; give METRIC: NUMBER, such as fid: 1")
    weight = _number(found[2])
    if not weight > 0:
        raise RuleError(
            f"--order: the weight of {found[1]} is {found[2]}; give a number above 0, whichever way is better"
        )
    return _metric(found[1]), weight


def _step(part: str, *, alone: bool) -> Constraint | str:
    """alone: it could have been meant as the name of an order."""
    found = _STEP.fullmatch(part)
    if found is None:
        raise RuleError(f"--order: {shown(part)} is no step; give METRIC, METRIC >= NUMBER or METRIC <= NUMBER")
    if found[2] is None:
        return _metric(found[1], _NAMED if alone else ())
    return _bound(_metric(found[1]), found[2], found[3])


def _bound(metric: str, sense: str, number: str) -> Constraint:
    value = _number(number)
    if not math.isfinite(value):
        raise RuleError(f"--order: {shown(number)} is no number; give a finite one in {metric} {sense} NUMBER")
    if sense != (better := ">=" if DIRECTIONS[metric] == "max" else "<="):
        raise RuleError(
            f"--order: {metric} is better {'high' if better == '>=' else 'low'}; give {metric} {better} {number}"
        )
    if metric in SHARES and not 0 <= value <= 1:
        raise RuleError(f"--order: {metric} goes from 0 to 1; {value:g} is none of its values, perhaps {value / 100:g}")
    return Constraint(metric, better, value)


def _metric(name: str, or_else: Collection[str] = ()) -> str:
    if name not in DIRECTIONS:
        kind = "metric or order" if or_else else "metric"
        raise RuleError(f"--order: unknown {kind} {name}; {nearest(name, [*or_else, *DIRECTIONS])}")
    return name


def _number(text: str) -> float:
    """nan if it is none; infinity is none either."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
