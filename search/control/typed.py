"""What is typed at orders, as values."""

from collections.abc import Sequence
from typing import Any

from search.errors import SpecError
from search.spec.settings import parse_setting


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """`path=value` each, the value as in YAML.

    Raises:
        SpecError: one is no setting, or a path is given twice.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        path, value = parse_setting(setting, option="")
        if path in values:
            raise SpecError(f"{setting}: {path} is given twice; give one value")
        values[path] = value
    return values


def parse_target(text: str) -> dict[str, Any] | None:
    """`fid=20,accuracy=0.8`; None for `none`.

    Raises:
        SpecError: it is neither.
    """
    return None if text == "none" else parse_settings(text.split(","))


def parse_number(name: str, text: str) -> int | float | None:
    """None for `none`.

    Raises:
        SpecError: it is neither that nor a number.
    """
    if text == "none":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise SpecError(f"{name}: {text} is no number; give one, or none to lift the limit")
