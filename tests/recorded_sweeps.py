"""Sweeps on disk in the true format, for tests of what reads them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from models.evaluation import Evaluation
from search.recording import write_evaluations, write_record
from search.records import State, SweepRecord, TrialStart, TrialState, trial_folder

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TWO: dict[str, Literal["min", "max"]] = {"fid": "min", "accuracy": "max"}


def write_sweep(
    folder: Path,
    objectives: Mapping[str, Literal["min", "max"]] = TWO,
    val: Mapping[str, Any] | None = None,
    **changes: object,
) -> Path:
    fields: dict[str, Any] = {
        "name": folder.name,
        "objectives": dict(objectives),
        "spec": {"search": {"sampler": "tpe", "seed": 3}},
        "created": NOON,
        "command": "huetune sweep run spec.yaml",
        "versions": {"torch": "2.15"},
        "data": {"val": dict(val or {"sha256": "ab" * 32, "num_samples": 200, "fid_images": 150})},
    }
    write_record(folder, SweepRecord(**(fields | changes)))
    return folder


def write_trial(
    sweep: Path,
    number: int,
    metrics: Sequence[Mapping[str, float]],
    state: State = "complete",
    reason: str = "",
    params: Mapping[str, Any] | None = None,
    fid_weights: str = "",
    per_epoch: int = 1,
) -> Path:
    """Evaluations with these metrics, so many in each epoch."""
    folder = trial_folder(sweep, number)
    searched = dict(params or {})
    write_record(folder, TrialStart(number=number, params=searched, config={"seed": number, **searched}, created=NOON))
    write_record(
        folder,
        TrialState(state=state, reason=reason, started=NOON, attempts=1, gpu_seconds=60.0, fid_weights=fid_weights),
    )
    evaluations = [
        Evaluation(
            epoch=number / per_epoch,
            step=10 * number,
            seconds=30.0 * number,
            metrics=dict(values),
            finished="epochs" if state == "complete" and number == len(metrics) else None,
        )
        for number, values in enumerate(metrics, start=1)
    ]
    write_evaluations(folder, evaluations)
    return folder


def write_samples(folder: Path, colours: Sequence[tuple[int, int, int]], truth: int = 200, cell: int = 4) -> Path:
    """samples.png with one row for each colour: gray 100, the colour, the gray level `truth`."""
    image = Image.new("RGB", (3 * cell, len(colours) * cell))
    for row, colour in enumerate(colours):
        for column, value in enumerate([(100, 100, 100), colour, (truth, truth, truth)]):
            image.paste(value, (column * cell, row * cell, (column + 1) * cell, (row + 1) * cell))
    path = folder / "samples.png"
    image.save(path)
    return path
