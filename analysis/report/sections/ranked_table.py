"""The ranked table of the report: which columns it has and what stands in each cell."""

import math
from dataclasses import dataclass
from typing import Literal

from analysis.display import better, duration_text, metric_label, metric_text, value_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.exports import names_in_order
from analysis.report.section import Section, Subject
from search.records import Sweep, epoch_text

ENDINGS = {"epochs": "all epochs", "early-stopping": "early stopping", None: ""}


@dataclass(frozen=True)
class Cell:
    """What a reader sees, and what sorting goes by; an empty key sorts last in both directions."""

    text: str
    key: str
    note: str = ""
    best: bool = False


@dataclass(frozen=True)
class Column:
    """A heading over one cell for each ranked trial."""

    heading: str
    kind: Literal["place", "trial", "metric", "param", "other"]
    cells: list[Cell]
    first_order: Literal["ascending", "descending"] = "ascending"
    """What the first click sorts by: better values first."""


def ranking_section(subject: Subject) -> Section:
    record, ranking = subject.sweep.record, subject.ranking
    labels = [metric_label(name, record) for name in ranking.objectives]
    return Section("ranking", "Ranking", {"labels": labels, "table": ranked_table(subject.sweep, ranking)})


def ranked_table(sweep: Sweep, ranking: Ranking) -> list[Column]:
    """Columns in reading order: place, objectives, every searched parameter, the other metrics, cost."""
    ranked = ranking.ranked
    params = names_in_order(one.trial.start.params for one in ranked)
    others = [name for name in names_in_order(one.metrics for one in ranked) if name not in ranking.objectives]
    return [
        Column("#", "place", [_count(one.place) for one in ranked]),
        Column("Trial", "trial", [_count(one.trial.number) for one in ranked]),
        *([Column("Front", "other", [_count(one.pareto_rank + 1) for one in ranked])] if _has_fronts(ranking) else []),
        *(_metric_column(name, sweep, ranking) for name in ranking.objectives),
        *(Column(name, "param", [_param(one, name) for one in ranked]) for name in params),
        *(_metric_column(name, sweep, ranking) for name in others),
        *_cost_columns(ranked),
    ]


def _has_fronts(ranking: Ranking) -> bool:
    """With one objective the front would only repeat the place."""
    return len(ranking.objectives) > 1


def _metric_column(name: str, sweep: Sweep, ranking: Ranking) -> Column:
    way = better(name, ranking.objectives)
    values = [one.metrics[name] for one in ranking.ranked if math.isfinite(one.metrics.get(name, math.nan))]
    top = (max(values) if way == "max" else min(values)) if values and way else None
    cells = [_metric(one, name, top, with_position=_has_fronts(ranking)) for one in ranking.ranked]
    return Column(metric_label(name, sweep.record), "metric", cells, "descending" if way == "max" else "ascending")


def _metric(one: RankedTrial, name: str, top: float | None, with_position: bool) -> Cell:
    value = one.metrics.get(name)
    if value is None:
        return Cell("", "")
    note = f"#{one.positions[name]}" if with_position and name in one.positions else ""
    return Cell(metric_text(name, value), repr(value) if math.isfinite(value) else "", note, best=value == top)


def _param(one: RankedTrial, name: str) -> Cell:
    """Empty where the space did not ask for this parameter, because of a condition."""
    if name not in one.trial.start.params:
        return Cell("", "")
    value = one.trial.start.params[name]
    return Cell(value_text(value), repr(value) if isinstance(value, float) else value_text(value))


def _cost_columns(ranked: tuple[RankedTrial, ...]) -> list[Column]:
    finals = [one.trial.final for one in ranked if one.trial.final]
    return [
        Column("Epochs", "other", [Cell(epoch_text(final.epoch), repr(final.epoch)) for final in finals]),
        Column("Time", "other", [Cell(duration_text(final.seconds), repr(final.seconds)) for final in finals]),
        Column("Ended by", "other", [Cell(ending := ENDINGS[final.finished], ending) for final in finals]),
    ]


def _count(number: int) -> Cell:
    return Cell(str(number), str(number))
