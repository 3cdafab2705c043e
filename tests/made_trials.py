"""Trials and sweeps in memory, for tests of what is read from many of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from recorded_sweeps import NOON, TWO

from models.evaluation import Evaluation
from search.records import Exploit, State, Sweep, SweepRecord, Trial, TrialStart, TrialState


def made_trial(
    number: int,
    metrics: Sequence[Mapping[str, float]],
    params: Mapping[str, Any] | None = None,
    state: State = "complete",
    stopped: Sequence[tuple[str, ...]] = (),
    finished: Literal["epochs", "early-stopping"] | None = None,
    exploits: Sequence[Exploit] = (),
    repeat_of: int | None = None,
    gpu_seconds: float = 0.0,
    fid_images: int = 64,
    **config: Any,
) -> Trial:
    """One evaluation of 10 s after each epoch; stopped: of each of them."""
    evaluations = [
        Evaluation(
            epoch=epoch,
            step=epoch,
            seconds=10.0 * epoch,
            metrics=dict(values),
            stopped=stopped[epoch - 1] if stopped else (),
            finished=(finished or ("epochs" if state == "complete" else None)) if epoch == len(metrics) else None,
        )
        for epoch, values in enumerate(metrics, start=1)
    ]
    config = {"seed": number, **config}
    start = TrialStart(number=number, params=dict(params or {}), config=config, created=NOON, repeat_of=repeat_of)
    now = TrialState(state=state, gpu_seconds=gpu_seconds, fid_weights="ef" * 32, fid_images=fid_images)
    return Trial(Path("trials", f"{number:04d}"), start, now, tuple(evaluations), tuple(exploits))


def made_sweep(
    trials: Iterable[Trial],
    space: Mapping[str, Any] | None = None,
    objectives: Mapping[str, Literal["min", "max"]] = TWO,
) -> Sweep:
    record = SweepRecord(
        name="made",
        objectives=dict(objectives),
        spec={"space": dict(space or {})},
        created=NOON,
        command="huetune sweep run made.yaml",
        versions={},
    )
    return Sweep(Path("made"), record, tuple(trials))
