"""The ranking for other programs: ranking.csv for spreadsheets and data frames, ranking.json with everything in it."""

import csv
import io
import json
import math
from collections.abc import Iterable
from typing import Any

from analysis.display import value_text
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.trained.evaluated import Evaluated
from search.records import Sweep, Trial, epoch_text

Row = dict[str, Any]


def ranking_csv(ranking: Ranking) -> str:
    """One line a trial: ranked ones first, the others without place, rank and positions but with the reason."""
    rows = [*map(_ranked_row, ranking.ranked), *(_row(one.trial, one.reason) for one in ranking.unranked)]
    lead = ["place", "trial", "state", "reason", "pareto_rank", *(f"position.{name}" for name in ranking.objectives)]
    columns = names_in_order([lead, *rows])
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _csv_value(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def ranking_json(sweep: Sweep, ranking: Ranking) -> str:
    """The ranking with parameters, whole configurations and the sweep's record; nan and inf become words."""
    content = {
        "sweep": json.loads(sweep.record.model_dump_json()),
        "ranked": [{**_json_trial(one.trial), **_standing(one)} for one in ranking.ranked],
        "unranked": [{**_json_trial(one.trial), "reason": one.reason} for one in ranking.unranked],
        "unreadable": sweep.unreadable,
    }
    return json.dumps(_finite(content), indent=1, allow_nan=False) + "\n"


def evaluated_json(evaluated: Evaluated) -> str:
    """Metrics with the number of photos behind each; nan and inf become words."""
    return json.dumps(_finite(evaluated.as_dict()), indent=1, allow_nan=False)


def names_in_order(groups: Iterable[Iterable[str]]) -> list[str]:
    """Every name of all groups once, in the order of its first appearance."""
    return list(dict.fromkeys(name for group in groups for name in group))


def _ranked_row(ranked: RankedTrial) -> Row:
    positions = {f"position.{name}": position for name, position in ranked.positions.items()}
    row = _row(ranked.trial, ranked.trial.state.reason)
    return {**row, "place": ranked.place, "pareto_rank": ranked.pareto_rank, **positions}


def _row(trial: Trial, reason: str) -> Row:
    row: Row = {"trial": trial.number, "state": trial.state.state, "reason": reason}
    if trial.final:
        row |= {f"metrics.{name}": value for name, value in trial.final.metrics.items()}
        row |= {"epochs": epoch_text(trial.final.epoch), "seconds": trial.final.seconds}
    row |= {"gpu_seconds": trial.state.gpu_seconds, "attempts": trial.state.attempts}
    return row | {f"params.{name}": value for name, value in trial.start.params.items()}


def _csv_value(value: Any) -> str:
    return repr(value) if isinstance(value, float) else value_text(value)


def _standing(ranked: RankedTrial) -> Row:
    return {"place": ranked.place, "pareto_rank": ranked.pareto_rank, "positions": ranked.positions}


def _json_trial(trial: Trial) -> Row:
    return {
        "trial": trial.number,
        "params": trial.start.params,
        "config": trial.start.config,
        "state": json.loads(trial.state.model_dump_json()),
        "final": json.loads(trial.final.model_dump_json()) if trial.final else None,
    }


def _finite(value: Any) -> Any:
    """The same JSON with numbers that JSON does not have written as "nan", "inf" or "-inf"."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
