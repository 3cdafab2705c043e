"""The ranked table of the report: which columns it has and what stands in each cell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.display import better, duration_text, metric_label, metric_text, value_text
from analysis.ranking.comparable import set_apart
from analysis.ranking.counted import Counts
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.exports import names_in_order
from analysis.report.section import Section, Subject
from search.records import Sweep, epoch_text

ENDINGS = {"epochs": "all epochs", "early-stopping": "early stopping", None: ""}
MAX_ROWS = 1000
"""More make the page slow to open and nothing clearer; ranking.csv has them all."""


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
    ranking = subject.ranking
    shown = ranking.ranked[:MAX_ROWS]
    content = {"rows": shown, "table": ranked_table(subject.sweep, ranking, len(shown))}
    return Section("ranking", "Ranking", content)


def ranked_table(sweep: Sweep, ranking: Ranking, num_rows: int | None = None) -> list[Column]:
    """Columns in reading order: place, objectives, every searched parameter, the other metrics, cost.

    num_rows: so many of the first places; None: all. Parameters and the best of a column are those of all.
    """
    shown = ranking.ranked[:num_rows]
    params = names_in_order(one.trial.params for one in ranking.ranked)
    others = [name for name in names_in_order(one.metrics for one in ranking.ranked) if name not in ranking.objectives]
    return [
        Column("#", "place", [_count(one.place) for one in shown]),
        Column("Trial", "trial", [_count(one.trial.number) for one in shown]),
        *([Column("Front", "other", [_count(one.pareto_rank + 1) for one in shown])] if _has_fronts(ranking) else []),
        *(_metric_column(name, sweep, ranking, shown) for name in ranking.objectives),
        *(Column(name, "param", [_param(one, name) for one in shown]) for name in params),
        *(_metric_column(name, sweep, ranking, shown) for name in others),
        *_cost_columns(shown, ranking.rule.counts),
    ]


def _has_fronts(ranking: Ranking) -> bool:
    """With one objective the front would only repeat the place."""
    return len(ranking.objectives) > 1


def _metric_column(name: str, sweep: Sweep, ranking: Ranking, shown: Sequence[RankedTrial]) -> Column:
    """What was measured otherwise than most stays outside the sorting and is never best; objectives never were."""
    having = [one.trial for one in ranking.ranked if name in one.metrics]
    otherwise = {} if name in ranking.objectives else set_apart(having, sweep.record, [name])
    alike = [one.metrics[name] for one in ranking.ranked if name in one.metrics and one.trial.number not in otherwise]
    finite = [value for value in alike if math.isfinite(value)]
    way = better(name, ranking.objectives)
    top = (max(finite) if way == "max" else min(finite)) if finite and way else None
    cells = [
        _uncompared(one, name)
        if one.trial.number in otherwise
        else _metric(one, name, top, with_position=_has_fronts(ranking))
        for one in shown
    ]
    return Column(metric_label(name, sweep.record), "metric", cells, "descending" if way == "max" else "ascending")


def _uncompared(one: RankedTrial, name: str) -> Cell:
    return Cell(metric_text(name, one.metrics[name]), "", "measured otherwise")


def _metric(one: RankedTrial, name: str, top: float | None, with_position: bool) -> Cell:
    value = one.metrics.get(name)
    if value is None:
        return Cell("", "")
    note = f"#{one.positions[name]}" if with_position and name in one.positions else ""
    return Cell(metric_text(name, value), repr(value) if math.isfinite(value) else "", note, best=value == top)


def _param(one: RankedTrial, name: str) -> Cell:
    """Empty where the space did not ask for this parameter, because of a condition."""
    if name not in one.trial.params:
        return Cell("", "")
    value = one.trial.params[name]
    return Cell(value_text(value), repr(value) if isinstance(value, float) else value_text(value))


def _cost_columns(shown: Sequence[RankedTrial], counts: Counts) -> list[Column]:
    """What the whole training cost, whichever evaluation counts."""
    finals = [one.trial.final for one in shown if one.trial.final]
    gpu = [one.trial.state.gpu_seconds for one in shown]
    counted = [Cell(epoch_text(one.evaluation.epoch), repr(one.evaluation.epoch)) for one in shown]
    return [
        *([Column("Counted at epoch", "other", counted)] if counts == "best-joint" else []),
        Column("Epochs", "other", [Cell(epoch_text(final.epoch), repr(final.epoch)) for final in finals]),
        Column("Time", "other", [Cell(duration_text(final.seconds), repr(final.seconds)) for final in finals]),
        *([Column("GPU time", "other", [Cell(duration_text(one), repr(one)) for one in gpu])] if any(gpu) else []),
        Column("Ended by", "other", [Cell(ending := ENDINGS[final.finished], ending) for final in finals]),
    ]


def _count(number: int) -> Cell:
    return Cell(str(number), str(number))
