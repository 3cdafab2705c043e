"""Sweeps whose trials are asked for and told, but not trained."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorded_sweeps import write_sweep, write_trial

from models.evaluation import DIRECTIONS
from search.records import State, Trial, read_sweep, read_sweep_record, read_trial, trial_folder
from search.sampling.study import SweepStudy
from search.spec.space import Assignment
from search.spec.sweep_spec import SweepSpec, parse_spec

NUMBERS: dict[str, Any] = {
    "loss.l1": {"log": [1, 300]},
    "optimizer.beta1": {"uniform": [0, 0.9]},
    "early_stopping.classification.patience": {"int": [1, 8]},
}
CONDITIONAL: dict[str, Any] = {
    "loss.adversarial": ["bce", "wgan-gp"],
    "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
    **NUMBERS,
}


def make_spec(
    sampler: str = "tpe",
    objectives: tuple[str, ...] = ("l1", "accuracy"),
    space: Mapping[str, Any] = CONDITIONAL,
    search: Mapping[str, Any] | None = None,
    **sections: Any,
) -> SweepSpec:
    content = {
        "name": "s",
        "data": {"train": "t", "val": "v"},
        "objectives": {name: DIRECTIONS[name] for name in objectives},
        "base": {"loss": {"classification": 1.0}, "evaluation": {"fid_images": 0}},
        "space": dict(space),
        "search": {"sampler": sampler, "trials": 20, "seed": 3, **(search or {})},
    }
    return parse_spec(content | sections)


def open_study(spec: SweepSpec, folder: Path) -> SweepStudy:
    """The study of the sweep in `folder`, which is made if there is none, brought up to its records."""
    if not (folder / "sweep.json").exists():
        write_sweep(folder, spec.objectives)
    trials = read_sweep(folder).trials
    study = SweepStudy(spec, folder, read_sweep_record(folder), trials)
    study.settle(trials)
    return study


def measured(assignment: Mapping[str, Any]) -> dict[str, float]:
    """Metrics that pull in different directions."""
    l1 = math.log(assignment["loss.l1"]) - 3
    beta1 = assignment.get("optimizer.beta1", 0.5)
    return {"l1": l1**2 + beta1, "accuracy": 0.9 - abs(l1) / 10 - (beta1 - 0.6) ** 2, "psnr": 30 - (l1 - 1) ** 2}


def record(folder: Path, spec: SweepSpec, number: int, point: Assignment, state: State, **changes: Any) -> Trial:
    """A trial's records, as if it had been trained: measured half as good half-way."""
    metrics = measured(point)
    half_way = {name: value * (2.0 if DIRECTIONS[name] == "min" else 0.5) for name, value in metrics.items()}
    values = [half_way] if state == "pruned" else [] if state == "failed" else [half_way, metrics]
    write_trial(folder, number, values, state, params=spec.parsed_space.searched(point), **changes)
    return read_trial(trial_folder(folder, number))


def run_trials(study: SweepStudy, spec: SweepSpec, folder: Path, num_trials: int) -> list[Assignment]:
    """Ask, record and tell; every third trial is pruned. The points."""
    points = []
    for _ in range(num_trials):
        number, point = study.ask()
        study.tell(record(folder, spec, number, point, "pruned" if number % 3 == 2 else "complete"))
        points.append(point)
    return points
