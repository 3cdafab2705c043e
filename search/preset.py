"""Trial configurations by name: the YAML files in presets/."""

from pathlib import Path
from typing import Any

import yaml

from search.errors import SpecError
from search.explain import nearest

FOLDER = Path(__file__).parent / "presets"


def presets() -> dict[str, str]:
    """What each preset is, by name: the first line of its file."""
    paths = sorted(FOLDER.glob("*.yaml"))
    return {path.stem: path.read_text().partition("\n")[0].removeprefix("# ") for path in paths}


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
