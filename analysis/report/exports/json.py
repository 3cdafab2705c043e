"""ranking.json, with everything in it; and what `huetune evaluate --json` prints."""

import json
import math
from typing import Any

from pydantic import BaseModel

from analysis.certainty.verdict import verdict
from analysis.ranking.rank import RankedTrial, Ranking
from analysis.trained.evaluated import Evaluated
from search.records import Sweep, Trial

Content = dict[str, Any]


def ranking_json(sweep: Sweep, ranking: Ranking) -> str:
    """The ranking and its rule, whole configurations and the sweep's record, one trial a line.

    Numbers that JSON does not have become the words that the records have for them: "NaN", "Infinity", "-Infinity".
    """
    content = {
        "sweep": _plain(sweep.record),
        "verdict": verdict(sweep, ranking),
        "rule": {"counts": ranking.rule.counts, "statement": ranking.statement},
        "ranked": [{**_trial(one.trial), **_standing(one)} for one in ranking.ranked],
        "unranked": [{**_trial(one.trial), "reason": one.reason} for one in ranking.unranked],
        "repeats": {number: [_trial(one) for one in trials] for number, trials in ranking.repeats.items()},
        "unreadable": sweep.unreadable,
        "notices": sweep.notices,
    }
    return "{\n" + ",\n".join(f"{_compact(key)}: {_by_line(value)}" for key, value in content.items()) + "\n}\n"


def evaluated_json(evaluated: Evaluated) -> str:
    """Metrics with the number of photos behind each; "NaN", "Infinity" and "-Infinity" as in ranking_json."""
    return json.dumps(_finite(evaluated.as_dict()), indent=1, allow_nan=False)


def _standing(ranked: RankedTrial) -> Content:
    return {
        "place": ranked.place,
        "pareto_rank": ranked.pareto_rank,
        "positions": ranked.positions,
        "counted": _plain(ranked.evaluation),
    }


def _trial(trial: Trial) -> Content:
    content = {
        "trial": trial.number,
        "params": trial.params,
        "config": trial.config,
        "state": _plain(trial.state),
        "final": _plain(trial.final) if trial.final else None,
    }
    return content | ({"tested": _plain(trial.tested)} if trial.tested else {})


def _plain(record: BaseModel) -> Any:
    return record.model_dump(mode="json")


def _by_line(value: Any) -> str:
    """JSON with each item of a list in its own line."""
    if not isinstance(value, list) or not value:
        return _compact(value)
    return "[\n" + ",\n".join(map(_compact, value)) + "\n]"


def _compact(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:  # rare: most values need not be looked through
        return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    """The same with words in place of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
