"""What a section of the report is made of, and what it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analysis.effects.sample import Sample, Samples, samples
from analysis.effects.surrogate import Surrogate, fit_surrogate
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

    @cached_property
    def samples(self) -> Samples:
        """The trials that effects are read from."""
        return samples(self.sweep, self.ranking)

    def surrogate(self, sample: Sample, objective: str) -> Surrogate:
        """Fitted to one of `samples`; once for each of them and each objective."""
        stage = sample.epoch, objective
        if stage not in self._surrogates:
            self._surrogates[stage] = fit_surrogate(self.samples.space, sample.points, sample.values[objective])
        return self._surrogates[stage]

    @cached_property
    def _surrogates(self) -> dict[tuple[float | None, str], Surrogate]:
        return {}


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
