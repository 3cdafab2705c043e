"""What population based training asks of a sweep: trials that exchange networks must have the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.config.loss import CHANGEABLE_WEIGHTS, TASK_OF
from search.errors import SpecError
from search.spec.ranges import FloatRange

if TYPE_CHECKING:
    from search.spec.space import Dimension
    from search.spec.sweep_spec import SweepSpec

TASK_WEIGHTS = tuple(TASK_OF)
LOSS_WEIGHTS = tuple(f"loss.{name}" for name in CHANGEABLE_WEIGHTS)
"""What can change while a network learns."""
MIN_POPULATION = 4
_KIND = ("pruning", "kind")


def check_population(spec: SweepSpec) -> None:
    """Raise SpecError unless all that the trials differ in is weights of losses, which are on in all of them."""
    kind = spec.pruning.kind
    searched = [dimension for dimension in spec.parsed_space.dimensions if dimension.is_searched]
    if not searched:
        raise SpecError(f"pruning.kind: {kind} changes loss weights, and the space has none; add one", _KIND)
    for dimension in searched:
        if fault := _fault(dimension, spec):
            raise SpecError(f"space.{dimension.path}: for pruning.kind {kind} {fault}", ("space", dimension.path))
    if {config.loss.weighting for config in spec.corner_configs} != {"fixed"}:
        raise SpecError(f"pruning.kind: {kind} changes loss weights; set loss.weighting to fixed", _KIND)
    if spec.search.trials < MIN_POPULATION:
        raise SpecError(
            f"search.trials: {spec.search.trials} are no population for {kind}; give {MIN_POPULATION} or more",
            ("search", "trials"),
        )


def _fault(dimension: Dimension, spec: SweepSpec) -> str:
    space = spec.parsed_space.by_path
    if dimension.path not in LOSS_WEIGHTS:
        return f"it must be the same for all trials: fix it, and search loss weights only ({', '.join(LOSS_WEIGHTS)})"
    if not isinstance(dimension.range, FloatRange):
        return "it must be a range of floats: give uniform or log"
    if any(space[parent].is_searched for parent, _ in dimension.when):
        return "it must exist in all trials: remove its `when`"
    if dimension.path.removeprefix("loss.") in TASK_WEIGHTS and dimension.range.low <= 0:
        return "it must be above 0, since a loss of weight 0 is left out: raise its lowest value"
    return ""
