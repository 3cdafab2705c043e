"""A sweep file, read and checked as a whole before anything starts."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data.config import DataConfig
from models.config import TrialConfig
from models.evaluation import DIRECTIONS
from search.errors import SpecError
from search.explain import dotted_paths, explain, nearest
from search.preset import preset
from search.space import Assignment, Space, parse_space
from search.storage import checked_name
from search.yaml_file import parse_yaml

SAME_FOR_ALL = {
    "data.train": "data",
    "data.val": "data",
    "data.unlabelled": "data",
    "data.image_size": "data",
    "evaluation.fid_images": "base",
    "evaluation.fid_weights": "base",
}
"""Paths that no sweep searches, because values of other photos or features do not compare, and where to set them."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SearchSection(_Section):
    sampler: Literal["tpe", "random"] = "tpe"
    trials: int = Field(ge=1)
    seed: int = Field(0, ge=0)


class PruningSection(_Section):
    kind: Literal["pareto-asha", "none"] = "pareto-asha"
    grace: int = Field(1, ge=1)
    """Epochs before the first rung, at which trials are compared."""
    reduction: int = Field(3, ge=2)
    """One in so many trials goes on from a rung, and the next rung is so many times further."""


class ResourcesSection(_Section):
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


class BudgetSection(_Section):
    """When it is spent no further trial starts; those that run go on to their end."""

    hours: float | None = Field(None, gt=0)
    """Wall-clock hours of a run, and again of each resume."""
    gpu_hours: float | None = Field(None, gt=0)
    """GPU hours of all trials together."""


class SweepSpec(_Section):
    name: str
    data: DataConfig
    objectives: dict[str, Literal["min", "max"]] = Field(min_length=1, max_length=3)
    base: dict[str, Any]
    space: dict[str, Any] = Field(min_length=1)
    search: SearchSection
    pruning: PruningSection = PruningSection()
    resources: ResourcesSection = ResourcesSection()
    budget: BudgetSection = BudgetSection()

    @cached_property
    def parsed_space(self) -> Space:
        return parse_space(self.space)

    def trial_config(self, assignment: Assignment) -> TrialConfig:
        """The configuration of the trial at a point of the space.

        Raises:
            ValidationError: the point is outside what a trial can be.
        """
        config: dict[str, Any] = self.base | {"data": self.data.model_dump(mode="json")}
        for path, value in assignment.items():
            config = _merged(config, _nested(path, value))
        return TrialConfig.model_validate(config)

    @cached_property
    def corner_configs(self) -> tuple[TrialConfig, ...]:
        """The configurations at the corners of the space: whatever holds for these is taken to hold for all."""
        return tuple(self.trial_config(corner) for corner in self.parsed_space.corners())


def load_spec(path: Path) -> SweepSpec:
    """Read a sweep file; data paths are relative to it.

    Raises:
        SpecError: the file is missing, is not YAML, or asks for what cannot be; the message names every finding.
    """
    try:
        content = parse_yaml(path.read_text())
    except FileNotFoundError:
        raise SpecError(f"no sweep file {path}; give the path of a YAML file") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if content is None:
        raise SpecError(f"{path} is empty; give the sections of a sweep (name, data, objectives, ...)")
    if not isinstance(content, dict):
        raise SpecError(
            f"{path} holds {type(content).__name__}, not the sections of a sweep (name, data, objectives, ...)"
        )
    try:
        return parse_spec(_with_absolute_data(content, path.parent))
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None


def parse_spec(content: dict[str, Any]) -> SweepSpec:
    """Check the content of a sweep file: `base` may be a preset's name or a whole configuration."""
    if isinstance(base := content.get("base"), str):
        content = content | {"base": preset(base)}
    try:
        spec = SweepSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(explain(error, SweepSpec)) from None
    checked_name(spec.name)
    _check_paths(spec)
    for corner in spec.parsed_space.corners():
        _check_corner(spec, corner)
    _check_objectives(spec)
    _check_limits(spec)
    return spec


def _check_paths(spec: SweepSpec) -> None:
    if "data" in spec.base:
        raise SpecError("base: its data would be overruled; name them under `data` alone")
    known = [path for path in dotted_paths(TrialConfig) if path not in SAME_FOR_ALL]
    for path in spec.space:
        if path in SAME_FOR_ALL:
            raise SpecError(
                f"space: {path} must be the same for all trials, or they do not compare; set it in {SAME_FOR_ALL[path]}"
            )
        if path not in known:
            raise SpecError(f"space: unknown key {path}; {nearest(path, known)}")


def _check_objectives(spec: SweepSpec) -> None:
    for name, direction in spec.objectives.items():
        if name not in DIRECTIONS:
            raise SpecError(f"objectives: unknown metric {name}; {nearest(name, list(DIRECTIONS))}")
        if direction != DIRECTIONS[name]:
            raise SpecError(f"objectives: {name} is to be {direction}, but better is {DIRECTIONS[name]}; change it")
    if "accuracy" in spec.objectives and any("classification" not in config.tasks for config in spec.corner_configs):
        raise SpecError(
            "objectives: accuracy needs a classification head; set loss.classification above 0 in all trials"
        )
    if "fid" in spec.objectives and any(not config.evaluation.fid_images for config in spec.corner_configs):
        raise SpecError("objectives: fid needs photos to compare; set evaluation.fid_images above 0")


def _check_limits(spec: SweepSpec) -> None:
    longest = max(config.epochs for config in spec.corner_configs)
    if spec.pruning.kind != "none" and spec.pruning.grace > longest:
        raise SpecError(
            f"pruning.grace: {spec.pruning.grace} epochs leave nothing to prune in trials of {longest}; "
            "lower it, or set pruning.kind to none"
        )
    if spec.budget.gpu_hours is not None and not spec.resources.gpu:
        raise SpecError("budget.gpu_hours: would never be spent, since resources.gpu is 0; give hours instead")


def _check_corner(spec: SweepSpec, corner: Assignment) -> None:
    try:
        spec.trial_config(corner)
    except ValidationError as error:
        chosen = ", ".join(f"{path}={value}" for path, value in corner.items())
        raise SpecError(f"no trial can be built: {explain(error, TrialConfig)} [with {chosen}]") from None


def _with_absolute_data(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    data = content.get("data")
    if not isinstance(data, dict):
        return content
    paths = {
        key: str((folder / Path(str(data[key])).expanduser()).resolve())
        for key in ("train", "val", "unlabelled")
        if data.get(key) is not None
    }
    return content | {"data": data | paths}


def _nested(path: str, value: Any) -> dict[str, Any]:
    *parents, name = path.split(".")
    nested = {name: value}
    for parent in reversed(parents):
        nested = {parent: nested}
    return nested


def _merged(base: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in update.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged
