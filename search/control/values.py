"""The values that go with each kind of order, and their limits."""

from typing import Any

from pydantic import BaseModel, Field

from models.config.section import Section
from search.control.orders import OrderKind


class NoValues(Section):
    pass


class EnqueueValues(Section):
    like: int | None = Field(None, ge=0)
    """The trial whose other values it has."""
    values: dict[str, Any]
    """By dotted path."""


class LimitValues(Section):
    concurrent: int | None = Field(ge=1)
    """None: as many as there is room for."""


class BudgetValues(Section):
    """Those that are given are changed; None lifts one."""

    trials: int = Field(1, ge=1)
    hours: float | None = Field(None, gt=0)
    gpu_hours: float | None = Field(None, gt=0)
    stagnation: int | None = Field(None, ge=1)
    target: dict[str, float] | None = None


class RepeatValues(Section):
    top: int = Field(ge=1)
    seeds: int = Field(ge=1)
    test: str | None = None
    """Absolute path of a .beton: the photos to measure on, for a sweep that names none."""


VALUES: dict[OrderKind, type[BaseModel]] = {
    "stop": NoValues,
    "pause": NoValues,
    "unpause": NoValues,
    "prune": NoValues,
    "kill": NoValues,
    "enqueue": EnqueueValues,
    "limit": LimitValues,
    "budget": BudgetValues,
    "repeat": RepeatValues,
}
OF_TRIALS: tuple[OrderKind, ...] = ("prune", "kill")
"""Orders that must name the trials they mean."""
