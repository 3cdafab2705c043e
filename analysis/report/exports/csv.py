"""ranking.csv, for spreadsheets and data frames."""

import csv
import io
from typing import Any

from analysis.display import value_text
from analysis.ranking.counted import Counts, counted_evaluation
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.report.exports.columns import names_in_order
from search.records import Trial, epoch_text

Row = dict[str, Any]


def ranking_csv(ranking: Ranking) -> str:
    """One line a trial: ranked ones first, the others with the reason, then repeats with the trial that they repeat.

    `metrics.*` are of one evaluation: column `evaluation` says which, `epoch` after how many epochs; what it did not
    measure is empty. Only `best` has each metric from its own evaluation, and no epoch. `epochs` and `seconds` are of
    the whole training.

    Values stand as they are: text that starts with `=` is a formula to a spreadsheet that opens the file unasked.
    """
    counts = ranking.rule.counts
    rows = [
        *(_ranked_row(one, counts) for one in ranking.ranked),
        *(_row(one.trial, one.reason, counts) for one in ranking.unranked),
        *(_row(trial, trial.state.reason, counts) for trials in ranking.repeats.values() for trial in trials),
    ]
    lead = ["place", "trial", "state", "reason", "pareto_rank", *(f"position.{name}" for name in ranking.objectives)]
    columns = names_in_order([lead, *rows])
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _ranked_row(ranked: RankedTrial, counts: Counts) -> Row:
    positions = {f"position.{name}": position for name, position in ranked.positions.items()}
    row = _row(ranked.trial, ranked.trial.state.reason, counts)
    return {**row, "place": ranked.place, "pareto_rank": ranked.pareto_rank, **positions}


def _row(trial: Trial, reason: str, counts: Counts) -> Row:
    row: Row = {"trial": trial.number, "state": trial.state.state, "reason": reason}
    if trial.start.repeat_of is not None:
        row["repeat_of"] = trial.start.repeat_of
    if trial.final:
        row |= _measured(trial, counts)
        row |= {"epochs": epoch_text(trial.final.epoch), "seconds": trial.final.seconds}
    if trial.tested:
        row |= {f"tested.{name}": value for name, value in trial.tested.metrics.items()}
    row |= {"gpu_seconds": trial.state.gpu_seconds, "attempts": trial.state.attempts}
    return row | {f"params.{name}": value for name, value in trial.params.items()}


def _measured(trial: Trial, counts: Counts) -> Row:
    """Of a complete trial what its evaluation that counts measured; of others, which are not compared, the last one."""
    counted = counted_evaluation(trial, counts) if trial.state.state == "complete" else None
    evaluation = counted or trial.final
    if evaluation is None:
        return {}
    which: Counts = counts if counted else "last"
    row: Row = {"evaluation": which, "epoch": "" if which == "best" else epoch_text(evaluation.epoch)}
    return row | {f"metrics.{name}": value for name, value in evaluation.metrics.items()}


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else value_text(value)
