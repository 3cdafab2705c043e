"""ranking.csv, for spreadsheets and data frames."""

import csv
import io
from typing import Any

from analysis.display import value_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.exports.columns import names_in_order
from search.records import Trial, epoch_text

Row = dict[str, Any]


def ranking_csv(ranking: Ranking) -> str:
    """One line a trial: ranked ones first, the others with the reason, then repeats with the trial that they repeat.

    Values stand as they are: text that starts with `=` is a formula to a spreadsheet that opens the file unasked.
    """
    rows = [
        *map(_ranked_row, ranking.ranked),
        *(_row(one.trial, one.reason) for one in ranking.unranked),
        *(_row(trial, trial.state.reason) for trials in ranking.repeats.values() for trial in trials),
    ]
    lead = ["place", "trial", "state", "reason", "pareto_rank", *(f"position.{name}" for name in ranking.objectives)]
    columns = names_in_order([lead, *rows])
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _ranked_row(ranked: RankedTrial) -> Row:
    positions = {f"position.{name}": position for name, position in ranked.positions.items()}
    row = _row(ranked.trial, ranked.trial.state.reason)
    counted = {f"metrics.{name}": value for name, value in ranked.metrics.items()}
    return {**row, **counted, "place": ranked.place, "pareto_rank": ranked.pareto_rank, **positions}


def _row(trial: Trial, reason: str) -> Row:
    row: Row = {"trial": trial.number, "state": trial.state.state, "reason": reason}
    if trial.start.repeat_of is not None:
        row["repeat_of"] = trial.start.repeat_of
    if trial.final:
        row |= {f"metrics.{name}": value for name, value in trial.final.metrics.items()}
        row |= {"epochs": epoch_text(trial.final.epoch), "seconds": trial.final.seconds}
    if trial.tested:
        row |= {f"tested.{name}": value for name, value in trial.tested.metrics.items()}
    row |= {"gpu_seconds": trial.state.gpu_seconds, "attempts": trial.state.attempts}
    return row | {f"params.{name}": value for name, value in trial.params.items()}


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else value_text(value)
