"""Trial configurations by name: the YAML files in presets/."""

import copy
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from search.errors import Place, SpecError
from search.spec.explain import nearest, shown
from search.spec.overrides import merged
from search.spec.yaml_file import parse_yaml

FOLDER = Path(__file__).parents[1] / "presets"


@functools.cache
def presets() -> dict[str, str]:
    """What each preset is, by name: the first line of its file."""
    paths = sorted(FOLDER.glob("*.yaml"))
    return {path.stem: path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for path in paths}


def on_preset(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the values that it does not give itself from the preset that is its `base`, if it has one.

    Phases replace the preset's `epochs`.

    Raises:
        SpecError: there is no preset of that name.
    """
    own = {key: value for key, value in config.items() if key != "base"}
    if "base" not in config:
        return own
    if not isinstance(config["base"], str):
        raise SpecError(f"base is {shown(config['base'])}; give the name of a preset", at=("base", "base"))
    recipe = preset(config["base"])
    if own.get("phases"):
        recipe.pop("epochs", None)
    return merged(recipe, own)


def preset(name: str) -> dict[str, Any]:
    """The configuration of a preset; its data name no files.

    Raises:
        SpecError: there is no preset of that name.
    """
    known = list(presets())
    if name not in known:
        raise SpecError(f"base: no preset {shown(name)}; {nearest(name, known)}", at=("base",))
    return copy.deepcopy(_read(name))


@functools.cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = parse_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def origins_of_preset(base: Any) -> dict[Place, str]:
    """The places of a sweep file to which the preset that is its `base` brings values, and which preset it is."""
    name = base.get("base") if isinstance(base, dict) else base
    if not isinstance(name, str) or name not in presets():
        return {}
    places = [place if place[0] == "data" else ("base", *place) for place in _places(preset(name), ())]
    return dict.fromkeys(places, f"preset {name}")


def _places(content: Any, around: Place) -> Iterator[Place]:
    pairs = content.items() if isinstance(content, Mapping) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield (*around, key)
        yield from _places(value, (*around, key))
