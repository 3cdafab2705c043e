"""pydantic's findings in one line that a user can act on."""

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Every finding as `dotted.path: what is wrong`, joined by semicolons; unknown keys with the nearest known one."""
    return "; ".join(_finding(finding, model) for finding in error.errors())


def nearest(name: str, known: list[str]) -> str:
    """A hint such as `did you mean trials?`, or the list of what there is."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def dotted_paths(model: type[BaseModel], prefix: str = "") -> list[str]:
    """The paths of all plain values of a configuration."""
    paths = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            paths += dotted_paths(inner, f"{prefix}{name}.")
        else:
            paths.append(f"{prefix}{name}")
    return paths


def _finding(finding: Any, model: type[BaseModel]) -> str:
    path = ".".join(str(part) for part in finding["loc"])
    if finding["type"] == "extra_forbidden":
        *parents, key = finding["loc"]
        return f"{path}: unknown key; {nearest(str(key), _keys_at(model, parents))}"
    if finding["type"] == "missing":
        return f"{path}: missing; add it"
    message = finding["msg"].removeprefix("Value error, ")
    got = finding["input"]
    shown = f" (got {got!r})" if isinstance(got, str | int | float | bool | None) else ""
    return f"{path}: {message}{shown}" if path else message


def _keys_at(model: type[BaseModel], parents: list[str | int]) -> list[str]:
    for parent in parents:
        field = model.model_fields.get(str(parent))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        model = field.annotation
    return list(model.model_fields)
