"""A sweep file, read and checked as a whole before anything starts."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from data.config import FILES, DataConfig
from models.config.evaluation import EvaluationConfig
from models.config.section import Section
from models.config.trial import TrialConfig
from search.errors import SpecError
from search.spec.explain import explain
from search.spec.objectives import check_objectives
from search.spec.overrides import dotted_paths, set_value, unknown_path
from search.spec.preset import on_preset, preset
from search.spec.rungs import check_rungs
from search.spec.sections import (
    BudgetSection,
    DiskSection,
    FailuresSection,
    PruningSection,
    ResourcesSection,
    SearchSection,
)
from search.spec.space import Assignment, Space, parse_space
from search.spec.yaml_file import read_sections
from search.storage import checked_name

SAME_FOR_ALL = {
    **dict.fromkeys((*(f"data.{name}" for name in FILES), "data.image_size"), "data"),
    **{f"evaluation.{name}": "base" for name in EvaluationConfig.model_fields},
}
"""Paths that no sweep searches, because what is measured on other photos or in another way does not compare, and where
to set them."""


class SweepSpec(Section):
    name: str
    data: DataConfig
    objectives: dict[str, Literal["min", "max"]] = Field(min_length=1, max_length=3)
    base: dict[str, Any]
    space: dict[str, Any]
    """Empty for a single trial."""
    search: SearchSection
    pruning: PruningSection = PruningSection()
    resources: ResourcesSection = ResourcesSection()
    budget: BudgetSection = BudgetSection()
    constraints: tuple[str, ...] = ()
    """What a trial must reach to count, such as `accuracy >= 0.7`."""
    disk: DiskSection = DiskSection()
    failures: FailuresSection = FailuresSection()

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
            config = set_value(config, path, value)
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
    content = read_sections(path, "sweep", "name, data, objectives")
    try:
        return parse_spec(with_absolute_data(content, path.parent))
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None


def parse_spec(content: dict[str, Any]) -> SweepSpec:
    """Check the content of a sweep file: `base` is a preset's name, or a configuration that may have a base itself."""
    if isinstance(base := content.get("base"), str):
        content = content | {"base": preset(base)}
    elif isinstance(base, dict):
        content = content | {"base": on_preset(base)}
    try:
        spec = SweepSpec.model_validate(_with_data_of_base(content))
    except ValidationError as error:
        raise SpecError(explain(error, SweepSpec)) from None
    checked_name(spec.name)
    _check_paths(spec)
    for corner in spec.parsed_space.corners():
        _check_corner(spec, corner)
    check_objectives(dict(spec.objectives), spec.corner_configs)
    _check_limits(spec)
    check_rungs(spec.pruning, dict(spec.objectives), spec.corner_configs, num_photos=None)
    return spec


def _with_data_of_base(content: dict[str, Any]) -> dict[str, Any]:
    """`data` with the recipe's values that it does not give itself from the base, which then has none.

    Raises:
        SpecError: the base names files: they would be overruled.
    """
    base, data = content.get("base"), content.get("data")
    if not isinstance(base, dict) or "data" not in base:
        return content
    recipe, rest = base["data"], {key: value for key, value in base.items() if key != "data"}
    if not isinstance(recipe, dict):
        raise SpecError("base: its data are no values by name; give batch_size, crop and the like")
    if named := [name for name in FILES if name in recipe]:
        raise SpecError(f"base: its data.{named[0]} would be overruled; name files under `data` alone")
    return content | {"base": rest, "data": recipe | data if isinstance(data, dict) else data}


def _check_paths(spec: SweepSpec) -> None:
    known = dotted_paths(TrialConfig, spec.base)
    for path, entry in spec.space.items():
        if path in SAME_FOR_ALL and (isinstance(entry, list | dict) or path.startswith("data.")):
            raise SpecError(
                f"space: {path} must be the same for all trials, or they do not compare; set it in {SAME_FOR_ALL[path]}"
            )
        if path not in known:
            raise SpecError(f"space: unknown key {path}; {unknown_path(path, known, spec.base)}")


def _check_limits(spec: SweepSpec) -> None:
    if not spec.space and spec.search.trials > 1:
        raise SpecError(f"space: there is nothing to search in {spec.search.trials} trials; give a range")
    if spec.budget.gpu_hours is not None and not spec.resources.gpu:
        raise SpecError("budget.gpu_hours: would never be spent, since resources.gpu is 0; give hours instead")


def _check_corner(spec: SweepSpec, corner: Assignment) -> None:
    try:
        spec.trial_config(corner)
    except ValidationError as error:
        chosen = ", ".join(f"{path}={value}" for path, value in corner.items())
        point = f" [with {chosen}]" if chosen else ""
        raise SpecError(f"no trial can be built: {explain(error, TrialConfig)}{point}") from None


def with_absolute_data(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The paths of `data` relative to a folder made absolute."""
    data = content.get("data")
    if not isinstance(data, dict):
        return content
    paths = {
        key: str((folder / Path(str(data[key])).expanduser()).resolve()) for key in FILES if data.get(key) is not None
    }
    return content | {"data": data | paths}
