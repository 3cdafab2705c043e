"""What a figure tells of a trial under the pointer."""

from collections.abc import Iterator
from html import escape

from analysis.display import metric_label, metric_text, value_text
from analysis.ranking.counted import Counts, named
from analysis.ranking.rank import RankedTrial, Ranking
from models.evaluation import Evaluation
from search.records import SweepRecord, Trial

MAX_LENGTH = 80
"""Characters of a line."""


def ranked_hover(ranked: RankedTrial, ranking: Ranking, record: SweepRecord) -> str:
    """Place, values and configuration of a ranked trial, escaped."""
    lines = _lines(ranked.trial, ranked.evaluation, ranking.rule.counts, record)
    return _joined([f"trial {ranked.trial.number}, place {ranked.place}", *lines])


def unranked_hover(trial: Trial, record: SweepRecord) -> str:
    """State, last values and configuration of a trial that is not ranked, escaped."""
    lines = _lines(trial, trial.final, "last", record) if trial.final else ()
    return _joined([f"trial {trial.number}, {trial.state.state}", *lines])


def _lines(trial: Trial, evaluation: Evaluation, counts: Counts, record: SweepRecord) -> Iterator[str]:
    yield f"in {named(counts, evaluation)}"
    for name, value in evaluation.metrics.items():
        yield f"{metric_label(name, record)}: {metric_text(name, value)}"
    for name, value in trial.params.items():
        yield f"{name}: {value_text(value)}"


def _joined(lines: list[str]) -> str:
    return "<br>".join(escape(line[:MAX_LENGTH], quote=False) for line in lines)
