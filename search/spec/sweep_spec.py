"""A sweep file, read and checked as a whole before anything starts."""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from data.config import FILES, DataConfig
from models.config.section import Section
from models.config.trial import TrialConfig
from search.errors import Finding, Place, SpecError
from search.spec.checks import check_spec
from search.spec.constraints import parse_constraints
from search.spec.explain import findings, shortened, shown
from search.spec.overrides import dotted_paths, set_value
from search.spec.preset import on_preset, origins_of_preset, preset
from search.spec.ranges import plain
from search.spec.sections import (
    BudgetSection,
    DiskSection,
    FailuresSection,
    PruningSection,
    ResourcesSection,
    SearchSection,
)
from search.spec.settings import as_origins, with_settings
from search.spec.space import Assignment, Space, parse_space
from search.spec.yaml_file import located, read_file
from search.storage import SweepNameError, checked_name


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

    @property
    def judged_by(self) -> tuple[str, ...]:
        """The metrics of the objectives and the constraints, each once."""
        constrained = (constraint.metric for constraint in parse_constraints(self.constraints))
        return tuple(dict.fromkeys([*self.objectives, *constrained]))

    @cached_property
    def parsed_space(self) -> Space:
        return parse_space(self.space)

    def trial_config(self, assignment: Assignment) -> TrialConfig:
        """The configuration of the trial at a point of the space.

        Raises:
            ValidationError: the point is outside what a trial can be.
        """
        config: dict[str, Any] = self.base | {"data": self._dumped_data}
        for path, value in assignment.items():
            config = set_value(config, path, value)
        return TrialConfig.model_validate(config)

    @cached_property
    def _dumped_data(self) -> dict[str, Any]:
        return self.data.model_dump(mode="json")

    @cached_property
    def corner_configs(self) -> tuple[TrialConfig, ...]:
        """The configurations at the corners of the space: whatever holds for these is taken to hold for all.

        Raises:
            SpecError: a trial there cannot be built.
        """
        return tuple(self._corner_config(corner) for corner in self.parsed_space.corners())

    def _corner_config(self, corner: Assignment) -> TrialConfig:
        try:
            return self.trial_config(corner)
        except ValidationError as error:
            found = findings(error, TrialConfig)
            chosen = ", ".join(f"{path}={shortened(plain(value))}" for path, value in corner.items())
            texts = [finding.text for finding in found]
            texts[0] = f"no trial can be built: {texts[0]}"
            texts[-1] += f" [with {chosen}]" if chosen else ""
            places = [self._place_in_file(finding, corner) for finding in found]
            raise SpecError.of([Finding(text, at) for text, at in zip(texts, places, strict=True)]) from None
        except RuntimeError as error:  # of a path such as ~nobody/file
            raise SpecError(f"no trial can be built: {error}", at=("base",)) from None

    def _place_in_file(self, finding: Finding, corner: Assignment) -> Place:
        """Where the value comes from that a trial cannot have, as far as the finding names it."""
        path = ".".join(map(str, finding.at))
        for searched in corner:
            name = searched.rpartition(".")[2]
            if searched == path or (searched.startswith(path) and re.search(rf"\b{name}\b", finding.text)):
                return "space", searched
        if found := re.match(r"data\.(\w+)", finding.text):
            return "data", found[1]
        return "base", *finding.at


def load_spec(path: Path, settings: Sequence[str] = ()) -> SweepSpec:
    """Read a sweep file; data paths are relative to it. settings: `KEY=VALUE` each, in place of what the file says.

    Raises:
        SpecError: the file is missing, is not YAML, or asks for what cannot be; the message names every finding with
            its line.
    """
    file = read_file(path, "sweep", "name, data, objectives")
    content = with_settings(file.content, settings, dotted_paths(SweepSpec, file.content))
    try:
        return parse_spec(_with_absolute_sweeps(with_absolute_data(content, path.parent), path.parent))
    except SpecError as error:
        origins = origins_of_preset(content.get("base")) | file.origins
        raise located(error, path, as_origins(settings, origins)) from None


def parse_spec(content: dict[str, Any]) -> SweepSpec:
    """Check the content of a sweep file: `base` is a preset's name, or a configuration that may have a base itself.

    Raises:
        SpecError: it asks for what cannot be; its findings have places, such as ("search", "trials").
    """
    if isinstance(base := content.get("base"), str):
        content = content | {"base": preset(base)}
    elif isinstance(base, dict):
        content = content | {"base": on_preset(base)}
    try:
        spec = SweepSpec.model_validate(_with_data_of_base(content))
    except ValidationError as error:
        raise SpecError.of(findings(error, SweepSpec)) from None
    try:
        checked_name(spec.name)
    except SweepNameError as error:
        raise SpecError(f"name: {error}", at=("name",)) from None
    check_spec(spec)
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
    return content | {"base": rest} | ({"data": recipe | data} if isinstance(data, dict) else {})


def with_absolute_data(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The paths of `data` relative to a folder made absolute.

    Raises:
        SpecError: one is no path.
    """
    data = content.get("data")
    if not isinstance(data, dict):
        return content
    paths = {name: _absolute(data[name], folder, f"data.{name}") for name in FILES if isinstance(data.get(name), str)}
    return content | {"data": data | paths}


def _with_absolute_sweeps(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The folders of `search.warm_start` relative to a folder made absolute; names stay names."""
    search = content.get("search")
    sweeps = search.get("warm_start") if isinstance(search, dict) else None
    if not isinstance(search, dict) or not isinstance(sweeps, list):
        return content
    absolute = [
        _absolute(name, folder, "search.warm_start") if isinstance(name, str) and "/" in name else name
        for name in sweeps
    ]
    return content | {"search": search | {"warm_start": absolute}}


def _absolute(path: str, folder: Path, name: str) -> str:
    try:
        return str((folder / Path(path).expanduser()).resolve())
    except (OSError, RuntimeError, ValueError) as error:  # a user without a home, a loop of links, a zero byte
        raise SpecError(f"{name}: {shown(path)} is no path: {error}", at=tuple(name.split("."))) from None
