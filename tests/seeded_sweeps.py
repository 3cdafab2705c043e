"""Trials on disk with configurations, seeds and tests, for tests of how sure a ranking is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorded_sweeps import NOON

from models.evaluation import Evaluation
from search.recording import write_evaluations, write_record
from search.records import State, Tested, TrialStart, TrialState, trial_folder


def write_run(
    sweep: Path,
    number: int,
    metrics: Mapping[str, float],
    params: Mapping[str, Any] | None = None,
    repeat_of: int | None = None,
    state: State = "complete",
    tested: Mapping[str, float] | None = None,
    test_sha256: str = "99" * 32,
    evaluation: Mapping[str, Any] | None = None,
    details: Mapping[str, float] | None = None,
) -> None:
    """A trial with one evaluation; repeat_of makes it a repeat, tested gives it values on 500 other photos."""
    folder, searched = trial_folder(sweep, number), dict(params or {})
    config = {"seed": number, "evaluation": dict(evaluation or {}), **searched}
    origin = "sampled" if repeat_of is None else "repeat"
    start = TrialStart(number=number, params=searched, config=config, created=NOON, origin=origin, repeat_of=repeat_of)
    write_record(folder, start)
    write_record(folder, TrialState(state=state, started=NOON, attempts=1, fid_weights="ef" * 32, fid_images=150))
    finished = "epochs" if state == "complete" else None
    measured = {"metrics": dict(metrics), "details": dict(details or {})}
    last = Evaluation(epoch=3, step=30, seconds=30.0, finished=finished, **measured)
    write_evaluations(folder, [last])
    if tested is not None:
        result = Tested(
            metrics=dict(tested),
            file="/data/test.beton",
            sha256=test_sha256,
            num_photos=500,
            num_labelled=400,
            num_costly=150,
        )
        write_record(folder, result)
