"""What a section of the report is made of, and what it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.ranking.rank import Ranking
from search.records import Sweep


@dataclass(frozen=True)
class Compared:
    """Another sweep that the report looks at beside its own; their values are never ranked together."""

    sweep: Sweep
    ranking: Ranking


@dataclass(frozen=True)
class Subject:
    """What a report is about."""

    sweep: Sweep
    ranking: Ranking
    top: int
    """How many of the best trials are looked at closely."""
    others: tuple[Compared, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    name: str
    """Its anchor, and that of its template: templates/sections/<name>.html.j2."""
    title: str
    content: Mapping[str, Any]
    """What its template is given, beside `subject`. Figures as `go.Figure.to_plotly_json()`."""


MakeSection = Callable[[Subject], Section | None]
"""The section on a subject; None: there is nothing to show."""
