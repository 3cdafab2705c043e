"""`--set KEY=VALUE`: single values in place of those of a file."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import BaseModel

from models.config.trial import TrialConfig
from search.errors import Place, SpecError
from search.spec.explain import nearest
from search.spec.overrides import dotted_paths, set_value, unknown_path
from search.spec.preset import on_preset
from search.spec.yaml_file import Origins, parse_yaml


def parse_setting(setting: str, option: str = "--set ") -> tuple[str, Any]:
    """The key and the value of `KEY=VALUE`; the value is YAML. option: what stands before it when it is typed.

    Raises:
        SpecError: it is no such thing.
    """
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise SpecError(f"{option}{setting}: is no setting; give KEY=VALUE, such as loss.l1=50")
    try:
        return key.strip(), parse_yaml(text)
    except yaml.YAMLError:
        raise SpecError(f"{option}{setting}: {text} is no YAML value; put it into quotes") from None


def with_setting(content: Mapping[str, Any], setting: str, model: type[BaseModel]) -> dict[str, Any]:
    """The content of a configuration of that kind with one other value.

    Raises:
        SpecError: it is no setting, or there is no such key.
    """
    path, value = parse_setting(setting)
    known = dotted_paths(model, content)
    if path not in known:
        raise SpecError(f"--set {setting}: unknown key {path}; {unknown_path(path, known, content)}")
    changed: dict[str, Any] = set_value(content, path, value)
    return changed


def with_settings(content: Mapping[str, Any], settings: Sequence[str], paths: Sequence[str]) -> dict[str, Any]:
    """The content of a sweep file with other values.

    settings: `search.trials=50`, `base.loss.l1=50`, `space.loss.l1={log: [1, 9]}` and so on.
    paths: those of a sweep that can be set, apart from what is inside `base` and `space`.

    Raises:
        SpecError: one is no setting, or there is no such key.
    """
    changed = dict(content)
    for setting in settings:
        key, value = parse_setting(setting)
        section, _, rest = key.partition(".")
        if section == "space" and rest:
            space = changed.get("space")
            changed["space"] = {**(space if isinstance(space, dict) else {}), rest: value}
        elif section == "base" and rest:
            changed["base"] = _with_base_value(changed.get("base"), rest, value, setting)
        elif key in paths or key in {path.partition(".")[0] for path in paths}:  # one value, or a section as a whole
            changed = set_value(changed, key, value)
        else:
            raise SpecError(f"--set {setting}: unknown key {key}; {nearest(key, list(paths))}")
    return changed


def place_of(setting: str) -> Place:
    """Where in a sweep file the value of a setting stands."""
    key = setting.partition("=")[0].strip()
    section, _, rest = key.partition(".")
    if section == "space" and rest:
        return section, rest
    return tuple(int(part) if part.isdecimal() else part for part in key.split("."))


def as_origins(settings: Sequence[str], origins: Origins) -> Origins:
    """Where the values come from once the settings have taken the place of some."""
    for setting in settings:
        place = place_of(setting)
        origins = {other: origin for other, origin in origins.items() if other[: len(place)] != place}
        origins[place] = f"--set {setting}"
    return origins


def _with_base_value(base: Any, path: str, value: Any, setting: str) -> dict[str, Any]:
    own = {"base": base} if isinstance(base, str) else dict(base) if isinstance(base, dict) else {}
    whole = on_preset(own)
    known = ["base", *dotted_paths(TrialConfig, whole)]
    if path not in known:
        raise SpecError(f"--set {setting}: unknown key base.{path}; {unknown_path(path, known, whole)}")
    if re.match(r"phases\.\d", path):  # a value in a list: the preset's list, if the base has none of its own
        own["phases"] = whole["phases"]
    changed: dict[str, Any] = set_value(own, path, value)
    return changed
