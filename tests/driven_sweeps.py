"""Sweeps of made-up learning curves, driven through a pruner and recorded as a real one, with drivers that are killed.

A trial's networks are one number, its skill, which grows by how near its loss weights are to the best ones.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from recorded_sweeps import write_sweep

from models.evaluation import Evaluation
from search.pruning.build import build_pruner
from search.pruning.exploit import record_exploit
from search.pruning.pruner import Park, Prune, Pruner
from search.recording import record_end, write_evaluations, write_record
from search.records import Sweep, TrialStart, TrialState, read_sweep, read_trial, trial_folder
from search.spec.sweep_spec import SweepSpec

NUM_EPOCHS = 9
BEST_L1 = 30.0
SPACE = {"loss.l1": {"log": [1, 300]}, "loss.classification": {"log": [0.1, 10]}}


def sweep_spec(**changes: Any) -> SweepSpec:
    content = {
        "name": "driven",
        "data": {"train": "train.beton", "val": "val.beton", "batch_size": 4},
        "objectives": {"fid": "min", "accuracy": "max"},
        "base": {"epochs": NUM_EPOCHS},
        "space": SPACE,
        "search": {"trials": 8, "seed": 3},
    }
    return SweepSpec.model_validate(content | changes)


def drive(spec: SweepSpec, folder: Path, concurrent: int = 1, lives: Sequence[int] = ()) -> Sweep:
    """Run a sweep to its end; `lives`: evaluations after which one driver after the other is killed."""
    write_sweep(folder, spec.objectives)
    for life in (*lives, None):
        pruner = build_pruner(spec, NUM_EPOCHS)
        assert pruner is not None
        pruner.remember(read_sweep(folder).trials)
        _drive(spec, folder, pruner, concurrent, life)
    return read_sweep(folder)


def _drive(spec: SweepSpec, folder: Path, pruner: Pruner, concurrent: int, life: int | None) -> None:
    ended = {trial.number for trial in read_sweep(folder).trials if trial.state.state not in ("waiting", "running")}
    waiting = deque(number for number in range(spec.search.trials) if number not in ended)
    running: deque[tuple[int, Iterator[Evaluation]]] = deque()
    num_evaluations = 0
    while waiting or running:
        while waiting and len(running) < concurrent:
            number = waiting.popleft()
            _record(spec, folder, number)
            pruner.remember([read_trial(trial_folder(folder, number))])
            running.append((number, _attempt(trial_folder(folder, number))))
        number, evaluations = running.popleft()
        evaluation = next(evaluations)
        num_evaluations += 1
        if num_evaluations == life:
            return
        decision = pruner.decide(number, evaluation.epoch, evaluation.metrics)
        if evaluation.finished or isinstance(decision, Prune):
            reason = "" if evaluation.finished else decision.reason
            record_end(trial_folder(folder, number), "complete" if evaluation.finished else "pruned", reason, 0.0)
            pruner.ended(number)
        elif not isinstance(decision, Park):
            running.append((number, evaluations))
        released = pruner.released(more_to_come=True)
        for release in released:
            if release.donor is not None:
                record_exploit(folder, release)
        waiting.extend(release.number for release in released)


def _record(spec: SweepSpec, sweep: Path, number: int) -> None:
    folder = trial_folder(sweep, number)
    if not folder.exists():
        random = np.random.default_rng((spec.search.seed, number))
        params = {"loss.l1": 300 ** random.random(), "loss.classification": 10 ** random.uniform(-1, 1)}
        config = spec.trial_config(params).model_dump(mode="json")
        write_record(folder, TrialStart(number=number, params=params, config=config, created=datetime.now(UTC)))
    write_record(folder, TrialState(state="running"))


def _attempt(folder: Path) -> Iterator[Evaluation]:
    trial, checkpoints = read_trial(folder), folder / "checkpoints"
    if (donor := checkpoints / "donor.pt").exists():
        donor.replace(checkpoints / "last.pt")
    skill = float((checkpoints / "last.pt").read_text()) if trial.final else 0.0
    history = list(trial.evaluations)
    yield from history[-1:]
    for epoch in range(len(history) + 1, NUM_EPOCHS + 1):
        skill += math.exp(-(math.log(trial.params["loss.l1"] / BEST_L1) ** 2))
        history.append(_evaluation(trial.number, epoch, skill, trial.params))
        checkpoints.mkdir(exist_ok=True)
        (checkpoints / "new.pt").write_text(str(skill))
        (checkpoints / "new.pt").replace(checkpoints / "last.pt")
        write_evaluations(folder, history)
        yield history[-1]


def _evaluation(number: int, epoch: int, skill: float, params: dict[str, Any]) -> Evaluation:
    noise = np.random.default_rng((number, epoch)).normal()
    return Evaluation(
        epoch=epoch,
        step=10 * epoch,
        seconds=epoch,
        metrics={
            "fid": 100 / (1 + skill) + noise,
            "accuracy": 1 - 1 / (1 + epoch * params["loss.classification"]) + 0.01 * noise,
        },
        finished="epochs" if epoch == NUM_EPOCHS else None,
    )
