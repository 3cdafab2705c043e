"""pydantic's findings in one line that a user can act on."""

import difflib
import re
from collections.abc import Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from search.errors import Finding, Place

_MAX_SHOWN = 80
_MAX_FINDINGS = 5


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Every finding as `dotted.path: what is wrong`, joined by semicolons; unknown keys with the nearest known one."""
    return "; ".join(finding.text for finding in findings(error, model))


def findings(error: ValidationError, model: type[BaseModel]) -> list[Finding]:
    """The same one by one, with their places; of many the first ones, and how many more."""
    found = [Finding(_text(finding, model), _place(finding["loc"])) for finding in error.errors()]
    more = len(found) - _MAX_FINDINGS
    return found[:_MAX_FINDINGS] + ([Finding(f"and {more} more")] if more > 0 else [])


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint such as `did you mean trials?`, or the list of what there is."""
    return f"did you mean {close}?" if (close := _closest(name, known)) else f"known: {listed(known)}"


def _closest(name: str, known: Sequence[str]) -> str | None:
    """What the name is short for, or begins with; else what is spelled much like it."""
    begun = [
        other for other in known if name and (other.startswith(name) or (len(other) > 2 and name.startswith(other)))
    ]
    if len(begun) == 1:
        return begun[0]
    close = difflib.get_close_matches(name[:_MAX_SHOWN], known, n=1, cutoff=0.5)
    return close[0] if close else None


def listed(names: Sequence[str]) -> str:
    """The names, or the first of them where they are many."""
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def shown(value: Any) -> str:
    """A value as it is told in a message: not all of a long one."""
    return shortened(repr(value))


def shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, alone or in a list; None: a plain value."""
    (kind, *_) = get_args(annotation) if get_origin(annotation) is tuple else (annotation,)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


_PLAIN = {
    "tuple_type": "is no list; put it into brackets: [...]",
    "model_type": "is no section; give its keys with their values",
    "dict_type": "is no section; give its keys with their values",
    "finite_number": "must be a finite number",
    "invalid_key": "is no key; give keys as words",
}
"""Findings that pydantic tells in words of Python."""


def _text(finding: Any, model: type[BaseModel]) -> str:
    place = _place(finding["loc"])
    path = ".".join(map(str, place))
    if finding["type"] == "extra_forbidden":
        *parents, key = place
        return f"{path}: unknown key; {nearest(str(key), _keys_at(model, parents))}"
    if finding["type"] == "missing":
        return f"{path}: missing; add it"
    message = _PLAIN.get(finding["type"]) or finding["msg"].removeprefix("Value error, ")
    got = finding["input"]
    if finding["type"] == "literal_error" and isinstance(got, str):
        close = _closest(got, re.findall(r"'([^']*)'", finding["ctx"]["expected"]))
        message += f"; did you mean {close}?" if close else ""
    told = isinstance(got, str | int | float | bool | None) and not _may_be_secret(got)
    return (f"{path}: {message}" if path else message) + (f" (got {shown(got)})" if told else "")


def _may_be_secret(value: Any) -> bool:
    """An address can hold a password, which must not end in a log."""
    return isinstance(value, str) and "://" in value


def _place(loc: Any) -> Place:
    return tuple(part for part in loc if part != "[key]")


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
