"""A sweep file as machines elsewhere can read it: its paths say what they said where it lay."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster.launch.yaml_text import yaml_text
from data.config import FILES
from search.errors import SweepError
from search.spec.overrides import dotted_paths, set_value
from search.spec.settings import with_settings
from search.spec.sweep_spec import SweepSpec
from search.spec.yaml_file import read_file

_WEIGHTS = (("base", "model", "weights"), ("base", "evaluation", "fid_weights"), ("base", "start_from"))


def require_over_there(storage: Path) -> None:
    """Raise SweepError unless the storage is a place that other machines can have too."""
    if not storage.is_absolute() and storage.parts[:1] != ("~",):
        raise SweepError(f"--storage {storage} is relative to a folder of this machine; give the cluster's whole path")


def portable_spec(file: Path, settings: Sequence[str] = ()) -> str:
    """The text of a sweep file with the settings in it and its paths absolute; a ~ is the home folder over there.

    Relative paths of `data` and `search.warm_start` are so to the file, those of weights to the working directory, as
    `load_spec` has it, which is to have checked the file.
    """
    content = read_file(file, "sweep", "name, data, objectives").content
    content = with_settings(content, settings, dotted_paths(SweepSpec, content))
    folder = file.expanduser().absolute().parent
    for name in FILES:
        content = _with_absolute(content, ("data", name), folder)
    for place in _WEIGHTS:
        content = _with_absolute(content, place, Path.cwd())
    for number, sweep in enumerate(_value(content, ("search", "warm_start")) or ()):
        if "/" in sweep:  # others are names of sweeps in the storage
            content = _with_absolute(content, ("search", "warm_start", str(number)), folder)
    return yaml_text(content)


def _with_absolute(content: dict[str, Any], place: tuple[str, ...], folder: Path) -> dict[str, Any]:
    path = _value(content, place)
    if not isinstance(path, str) or path.startswith("~"):
        return content
    # Links are the other machine's affair: not resolved.
    changed: dict[str, Any] = set_value(content, ".".join(place), str((folder / path).absolute()))
    return changed


def _value(content: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        if isinstance(content, list) and key.isdecimal():
            content = content[int(key)]
        elif isinstance(content, dict):
            content = content.get(key)
        else:
            return None
    return content
