"""pydantic's findings in one line that a user can act on."""

import difflib
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Every finding as `dotted.path: what is wrong`, joined by semicolons; unknown keys with the nearest known one."""
    return "; ".join(_finding(finding, model) for finding in error.errors())


def nearest(name: str, known: list[str]) -> str:
    """A hint such as `did you mean trials?`, or the list of what there is."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, alone or in a list; None: a plain value."""
    (kind, *_) = get_args(annotation) if get_origin(annotation) is tuple else (annotation,)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


_PLAIN = {
    "tuple_type": "is no list; put it into brackets: [...]",
    "model_type": "is no section; give its keys with their values",
    "dict_type": "is no section; give its keys with their values",
    "finite_number": "must be a finite number",
}
"""Findings that pydantic tells in words of Python."""


def _finding(finding: Any, model: type[BaseModel]) -> str:
    path = ".".join(str(part) for part in finding["loc"] if part != "[key]")
    if finding["type"] == "extra_forbidden":
        *parents, key = finding["loc"]
        return f"{path}: unknown key; {nearest(str(key), _keys_at(model, parents))}"
    if finding["type"] == "missing":
        return f"{path}: missing; add it"
    message = _PLAIN.get(finding["type"]) or finding["msg"].removeprefix("Value error, ")
    got = finding["input"]
    shown = f" (got {got!r})" if isinstance(got, str | int | float | bool | None) else ""
    return f"{path}: {message}{shown}" if path else message


def _keys_at(model: type[BaseModel], parents: list[str | int]) -> list[str]:
    for parent in parents:
        if isinstance(parent, int):  # in a list, all of one kind
            continue
        field = model.model_fields.get(parent)
        section = section_of(field.annotation) if field else None
        if section is None:
            return []
        model = section
    return list(model.model_fields)
