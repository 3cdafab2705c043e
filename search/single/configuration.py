"""What a single training is asked for: a preset or a file, its data, and values set one by one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.config.trial import TrialConfig
from search.errors import SpecError
from search.spec.explain import explain
from search.spec.overrides import merged
from search.spec.preset import on_preset, preset
from search.spec.settings import with_setting
from search.spec.sweep_spec import with_absolute_data
from search.spec.yaml_file import read_sections


def single_config(source: str, data: dict[str, Path], settings: Sequence[str]) -> TrialConfig:
    """The configuration of a training.

    source: a preset's name, or the path of a YAML file with sections of a configuration, and a preset as its `base` if
    it is to build on one. data: .beton files by field, before those of the source. settings: `path=value` each.

    Raises:
        SpecError: there is no such preset or file, or it asks for what cannot be.
    """
    config = _read(source)
    files = {name: str(path.expanduser().absolute()) for name, path in data.items()}
    config = merged(config, {"data": files})
    for setting in settings:
        config = with_setting(config, setting, TrialConfig)
    config = with_absolute_data(config, Path.cwd())
    for name in ("train", "val"):
        if name not in config["data"]:
            raise SpecError(f"no photos: data.{name} is missing; give --data FOLDER, or --{name} FILE.beton")
    try:
        return TrialConfig.model_validate(config)
    except ValidationError as error:
        raise SpecError(f"{source}: {explain(error, TrialConfig)}") from None


def _read(source: str) -> dict[str, Any]:
    path = Path(source).expanduser()
    if path.suffix not in (".yaml", ".yml"):
        return preset(source)
    content = with_absolute_data(read_sections(path, "configuration", "data, model, loss"), path.parent)
    try:
        return on_preset(content)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None


def data_files(folder: Path | None, train: Path | None, val: Path | None) -> dict[str, Path]:
    """The .beton files that the command line names."""
    named = {"train": train, "val": val}
    if folder is not None:
        named = {name: path or folder / f"{name}.beton" for name, path in named.items()}
    return {name: path for name, path in named.items() if path is not None}
