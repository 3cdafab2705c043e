"""Trials that train nothing and report at once, to see what a sweep costs beside its training."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.curves import SPACE
from ray import tune

from models.evaluation import Evaluation
from search.recording import write_evaluations, write_record
from search.records import TrialState, read_state, read_trial
from search.spec.sweep_spec import SweepSpec, parse_spec

NUM_REPORTS, NUM_SLOTS = 10, 2
REDUCTION = 3
OBJECTIVES = {"l1": "min", "accuracy": "max"}


def sweep_spec(num_trials: int) -> SweepSpec:
    return parse_spec(
        {
            "name": "overhead",
            "data": {"train": "train.beton", "val": "val.beton"},
            "objectives": OBJECTIVES,
            "base": {"model": {"depth": 4}, "evaluation": {"fid_images": 0}, "epochs": NUM_REPORTS},
            "space": SPACE,
            "search": {"trials": num_trials},
            "pruning": {"reduction": REDUCTION},
            "resources": {"cpu": max(1, (os.cpu_count() or 1) // NUM_SLOTS), "concurrent": NUM_SLOTS},
        }
    )


def measured(params: Mapping[str, Any], epoch: int) -> dict[str, float]:
    """What a trial of these values might report."""
    off = abs(math.log10(params["loss.l1"]) - 1.5) + abs(math.log10(params["optimizer.generator_lr"]) + 3)
    share = math.log10(params["loss.classification"]) / 10
    return {"l1": 0.08 + 0.02 * off + (0.2 + share) / epoch, "accuracy": 0.5 + share - 0.05 * off - 0.3 / epoch}


def recorded_trial(assignment: dict[str, Any]) -> None:
    """As search.worker.trial has it."""
    for report in recorded_reports(Path(assignment["folder"]), assignment["number"]):
        tune.report(report)


def recorded_reports(folder: Path, number: int) -> Iterator[dict[str, Any]]:
    """What a trial says, each time after it has been written down as search.worker.training does."""
    trial = read_trial(folder)
    attempt = trial.state.attempts + 1
    state = TrialState(state="running", started=datetime.now(UTC), attempts=attempt, node=socket.gethostname())
    write_record(folder, state)
    history: list[Evaluation] = []
    for epoch in range(1, NUM_REPORTS + 1):
        finished = "epochs" if epoch == NUM_REPORTS else None
        metrics = measured(trial.params, epoch)
        history.append(Evaluation(epoch=epoch, step=epoch, seconds=epoch, metrics=metrics, finished=finished))
        assert read_state(folder).attempts == attempt
        write_evaluations(folder, history)
        said = {"number": number, "outcome": "complete" if finished else "", "cause": "", "reason": ""}
        yield said | {"epoch": epoch, "seconds": epoch} | metrics


def bare_trial(params: dict[str, Any]) -> None:
    for epoch in range(1, NUM_REPORTS + 1):
        tune.report({"epoch": epoch} | measured(params, epoch))
