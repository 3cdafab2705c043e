"""The sections of a sweep file that say how to search, and with what."""

from typing import Literal

from pydantic import Field, field_validator

from models.config.section import Section


class SearchSection(Section):
    sampler: Literal["tpe", "random"] = "tpe"
    trials: int = Field(ge=1)
    seed: int = Field(0, ge=0)


class PruningSection(Section):
    kind: Literal["pareto-asha", "none"] = "pareto-asha"
    grace: int = Field(1, ge=1)
    """Epochs before the first rung, at which trials are compared."""
    reduction: int = Field(3, ge=2)
    """One in so many trials goes on from a rung, and the next rung is so many times further."""


class ResourcesSection(Section):
    """What one trial is given."""

    gpu: float = Field(0.0, ge=0)
    """GPUs; a fraction lets several trials share one."""
    cpu: int = Field(1, ge=1)

    @field_validator("gpu")
    @classmethod
    def _whole_above_one(cls, gpu: float) -> float:
        if gpu > 1 and gpu != int(gpu):
            raise ValueError("above 1 only whole GPUs can be given")
        return gpu


class BudgetSection(Section):
    """When it is spent no further trial starts; those that run go on to their end."""

    hours: float | None = Field(None, gt=0)
    """Wall-clock hours of a run, and again of each resume."""
    gpu_hours: float | None = Field(None, gt=0)
    """GPU hours of all trials together."""
