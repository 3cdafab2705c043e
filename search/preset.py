"""Trial configurations by name: the YAML files in presets/."""

from pathlib import Path
from typing import Any

import yaml

from search.errors import SpecError
from search.explain import nearest

FOLDER = Path(__file__).parent / "presets"


def preset(name: str) -> dict[str, Any]:
    """The configuration of a preset, without its data.

    Raises:
        SpecError: there is no preset of that name.
    """
    known = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if name not in known:
        raise SpecError(f"base: no preset {name!r}; {nearest(name, known)}")
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return content
