"""Trial configurations by name: the YAML files in presets/."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from search.errors import SpecError
from search.spec.explain import nearest
from search.spec.overrides import merged

FOLDER = Path(__file__).parents[1] / "presets"


def presets() -> dict[str, str]:
    """What each preset is, by name: the first line of its file."""
    paths = sorted(FOLDER.glob("*.yaml"))
    return {path.stem: path.read_text().partition("\n")[0].removeprefix("# ") for path in paths}


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
        raise SpecError(f"base is {config['base']!r}; give the name of a preset")
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
        raise SpecError(f"base: no preset {name!r}; {nearest(name, known)}")
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return content
