"""The sections of a sweep file that say how to search, and with what."""

import math
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator, model_validator

from models.config.section import Section

SamplerName = Literal["tpe", "nsga2", "nsga3", "gp", "cmaes", "qmc", "random", "grid"]
PruningKind = Literal["pareto-asha", "asha", "median", "hyperband", "pbt", "pb2", "none"]


class SearchSection(Section):
    sampler: SamplerName = "tpe"
    trials: int = Field(ge=1)
    """That the sampler chooses; those that are enqueued come on top."""
    seed: int = Field(0, ge=0)
    storage: str = "journal"
    """The sampler's memory: `journal` or `sqlite`, files in the sweep's folder, or the URL of a PostgreSQL database.
    No password in it: PGPASSWORD and ~/.pgpass are for that."""
    warm_start: tuple[str, ...] = ()
    """Sweeps, by name in the same storage or by folder, whose trials the sampler learns from."""
    enqueue: tuple[str | dict[str, Any], ...] = ()
    """Tried first: presets by name, or values by dotted path; what they leave open the sampler chooses."""

    @field_validator("storage")
    @classmethod
    def _storage_is_known(cls, storage: str) -> str:
        if storage in ("journal", "sqlite"):
            return storage
        scheme, colons, _ = storage.partition("://")
        if not colons or scheme not in _DATABASES:
            raise ValueError("give journal, sqlite, or the URL of a database: postgresql://USER@HOST/DATABASE")
        if _has_password(storage):
            raise ValueError(
                "the URL has a password, which would end in the records: leave it out, and set PGPASSWORD or ~/.pgpass"
            )
        return storage

    @field_validator("enqueue", mode="before")
    @classmethod
    def _points_are_plain(cls, points: Any) -> Any:
        for point in points if isinstance(points, list | tuple) else ():
            named = isinstance(point, dict) and all(isinstance(path, str) for path in point)
            if not named and not isinstance(point, str):
                raise ValueError("each is the name of a preset, or values by dotted path: {loss.l1: 50}")
        return points


_DATABASES = ("postgresql", "postgresql+psycopg")


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.password is not None or any("pass" in name for name in parse_qs(parts.query))
    except ValueError:
        return "@" in url  # no URL that could be read: what stands before @ may be one


_READ_BY: dict[str, tuple[PruningKind, ...]] = {
    "grace": ("pareto-asha", "asha", "median", "hyperband"),
    "reduction": ("pareto-asha", "asha", "hyperband"),
    "metric": ("asha", "median", "hyperband"),
    "spread": ("pareto-asha",),
    "interval": ("pbt", "pb2"),
    "quantile": ("pbt", "pb2"),
}


class PruningSection(Section):
    kind: PruningKind = "pareto-asha"
    grace: int = Field(1, ge=1)
    """Epochs before the first rung, at which trials are compared."""
    reduction: int = Field(3, ge=2)
    """One in so many trials goes on from a rung, and the next rung is so many times further."""
    metric: str | None = None
    """The objective to compare by. None: the first."""
    spread: Literal["crowding", "epsilon-net"] = "crowding"
    """How trials of one front are ordered."""
    interval: int = Field(1, ge=1)
    """Epochs between two exchanges of a population."""
    quantile: float = Field(0.25, gt=0, le=0.5)
    """Share of a population that is replaced, by as many of the best."""

    @model_validator(mode="after")
    def _values_are_read(self) -> Self:
        if self.kind == "none":  # so that --set pruning.kind=none switches it off
            return self
        for name in self.model_fields_set & _READ_BY.keys():
            if self.kind not in _READ_BY[name] and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} is not read by kind {self.kind}: remove it, or take {_READ_BY[name][0]}")
        return self


class ResourcesSection(Section):
    """What one trial is given."""

    gpu: float | Literal["auto"] = 0.0
    """GPUs; a fraction lets several trials share one. `auto`: the fraction that is measured to be best before the first
    trial, which the sweep's record has from then on."""
    cpu: int = Field(1, ge=1)
    concurrent: int | None = Field(None, ge=1)
    """Trials at once. None: as many as the cluster has room for."""
    stage: bool = False
    """Copy the photos, and the weights, to a node's own disk before the first trial there; see data/staged."""

    @field_validator("gpu", mode="before")
    @classmethod
    def _number_or_auto(cls, gpu: Any) -> Any:
        """In one finding, where pydantic would have one for each of the two."""
        try:
            is_known = gpu == "auto" or 0 <= float(gpu) < math.inf
        except (TypeError, ValueError):
            is_known = False
        if not is_known:
            raise ValueError("give a number from 0 on, or auto")
        return gpu

    @field_validator("gpu")
    @classmethod
    def _whole_above_one(cls, gpu: float | Literal["auto"]) -> float | Literal["auto"]:
        if gpu != "auto" and gpu > 1 and gpu != int(gpu):
            raise ValueError("above 1 only whole GPUs can be given")
        return gpu

    @property
    def num_gpus(self) -> float:
        """Of one trial, once that is known: see search/packing."""
        assert self.gpu != "auto"
        return self.gpu


class BudgetSection(Section):
    """When one of them is spent the sweep ends; trials that run are broken off at their next evaluation, and a resume
    with a larger budget goes on with them."""

    hours: float | None = Field(None, gt=0)
    """Wall-clock hours, over all resumes."""
    gpu_hours: float | None = Field(None, gt=0)
    """GPU hours of all trials together."""
    target: dict[str, float] | None = Field(None, min_length=1)
    """Values that one trial must reach, all of them."""
    stagnation: int | None = Field(None, ge=1)
    """Trials that end one after the other without growth of the hypervolume."""


class DiskSection(Section):
    """What the checkpoints of a sweep may take."""

    quota_gb: float | None = Field(None, gt=0)
    """10⁹ bytes. Above it checkpoints go that neither a resume nor the front needs. None: all stay."""
    grace_s: float = Field(30.0, ge=0)
    """Seconds that a checkpoint stays after its trial's end, whatever the quota."""


class FailuresSection(Section):
    """How often a trial goes on from its last checkpoint after it failed. Lost nodes and preemption never count."""

    worker_death: int = Field(3, ge=0)
    host_memory: int = Field(2, ge=0)
    damaged_data: int = Field(1, ge=0)
    same_bug: int = Field(5, ge=1)
    """So many trials that fail one after the other by the same error end the sweep."""
