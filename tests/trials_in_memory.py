"""Sweeps that never were on a disk, for tests of what is done with many trials."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from recorded_sweeps import NOON, TWO

from models.evaluation import Evaluation
from search.records import State, Sweep, SweepRecord, Trial, TrialStart, TrialState


def sweep_of(trials: Iterable[Trial], objectives: Mapping[str, Any] = TWO, **changes: Any) -> Sweep:
    fields: dict[str, Any] = {
        "name": "memory",
        "objectives": dict(objectives),
        "spec": {},
        "created": NOON,
        "command": "",
        "versions": {},
        "data": {"val": {"sha256": "ab" * 32, "num_samples": 200}},
    }
    return Sweep(Path(), SweepRecord(**(fields | changes)), tuple(trials))


def trial_of(
    number: int,
    *metrics: Mapping[str, float],
    state: State = "complete",
    ended_h: float = 0.0,
    config: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Trial:
    """A trial with these metrics after each epoch, ended so many hours after noon.

    changes: of its state.
    """
    evaluations = [
        Evaluation(
            epoch=epoch,
            step=epoch,
            seconds=60.0 * epoch,
            metrics=dict(values),
            finished="epochs" if state == "complete" and epoch == len(metrics) else None,
        )
        for epoch, values in enumerate(metrics, start=1)
    ]
    ended = NOON + timedelta(hours=ended_h)
    return Trial(
        Path(),
        TrialStart(number=number, params={}, config=dict(config or {}), created=NOON),
        TrialState(**({"state": state, "started": NOON, "ended": ended} | changes)),
        tuple(evaluations),
    )
