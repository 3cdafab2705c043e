"""With what the sweep was run, on what, and by which command."""

from collections.abc import Iterator
from typing import Any

from analysis.report.section import Section, Subject


def reproduce_section(subject: Subject) -> Section:
    return Section("reproduce", "To reproduce", {"seeds": dict(_seeds(subject.sweep.record.spec))})


def _seeds(spec: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every seed in a sweep's specification by dotted path."""
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from _seeds(value, f"{path}{key}.")
        elif key == "seed":
            yield path + key, value
