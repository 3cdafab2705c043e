"""A whole sweep on disk, in the true format, of real learning curves: see benchmarks/curves.py."""

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.curves import NUM_EPOCHS, SPACE, Curve, read_table
from recorded_sweeps import NOON

from models.evaluation import Evaluation
from search.pruning.build import build_pruner
from search.pruning.pruner import Prune
from search.recording import write_evaluations, write_record
from search.records import Attempt, State, SweepRecord, TrialStart, TrialState, trial_folder
from search.spec.overrides import set_value
from search.spec.sweep_spec import parse_spec

NUM_NODES, TRIALS_PER_NODE, GPU = 3, 2, 0.5
SPEC: dict[str, Any] = {
    "name": "curves",
    "data": {"train": "/data/train.beton", "val": "/data/val.beton"},
    "objectives": {"lpips": "min", "accuracy": "max"},
    "base": {
        "model": {"depth": 4},
        "evaluation": {"fid_images": 64, "lpips": "alex"},
        "loss": {"classification": 1.0},
        "epochs": NUM_EPOCHS,
    },
    "space": SPACE,
    "search": {"sampler": "random", "trials": 208, "seed": 0},
    "pruning": {"kind": "pareto-asha", "grace": 3, "reduction": 3},
    "resources": {"gpu": GPU},
}


def write_curve_sweep(folder: Path, num_trials: int = 208, **changes: Any) -> Path:
    """The first recorded configurations in their order, pruned as a sweep with such a spec would have pruned them."""
    spec = parse_spec(SPEC | {"name": folder.name} | changes)
    _, curves = read_table()
    data = {"sha256": "ab" * 32, "num_samples": 256, "file": "/data/val.beton", "fid_images": 64}
    write_record(
        folder,
        SweepRecord(
            name=spec.name,
            objectives=spec.objectives,
            spec=spec.model_dump(mode="json"),
            created=NOON,
            command=f"huetune sweep run {spec.name}.yaml",
            versions={"huetune": "0.1.0", "torch": "2.15.0", "commit": "0123456789ab"},
            data={"train": data | {"sha256": "cd" * 32, "num_samples": 326}, "val": data},
        ),
    )
    pruner = build_pruner(spec, NUM_EPOCHS)
    waiting = list(curves[:num_trials])[::-1]
    places = [(0.0, slot, None, 0) for slot in range(NUM_NODES * TRIALS_PER_NODE)]
    running: list[tuple[float, int, Curve | None, int]] = list(places)
    begun: dict[int, datetime] = {}
    while running:
        seconds, slot, curve, epoch = heapq.heappop(running)
        if curve is None:
            if waiting:
                curve = waiting.pop()
                begun[curve.number] = NOON + timedelta(seconds=seconds)
                heapq.heappush(running, (seconds + 60 * curve.seconds[0], slot, curve, 1))
            continue
        decision = (
            pruner.decide(curve.number, float(epoch), _objectives(curve, epoch, spec.objectives)) if pruner else None
        )
        last = len(curve.seconds)
        if not isinstance(decision, Prune) and epoch < last:
            pause = 60 * (curve.seconds[epoch] - curve.seconds[epoch - 1])
            heapq.heappush(running, (seconds + pause, slot, curve, epoch + 1))
            continue
        state: State = "pruned" if isinstance(decision, Prune) else "diverged" if curve.diverged else "complete"
        reason = decision.reason if isinstance(decision, Prune) else curve.diverged
        _write(folder, curve, epoch, state, reason, begun[curve.number], slot, dict(spec.base) | {"seed": curve.number})
        heapq.heappush(running, (seconds, slot, None, 0))
    return folder


def _objectives(curve: Curve, epoch: int, objectives: Mapping[str, str]) -> dict[str, float]:
    return {name: curve.at(epoch)[name] for name in objectives}


def _write(
    sweep: Path, curve: Curve, num_epochs: int, state: State, reason: str, begun: datetime, slot: int, config: Any
) -> None:
    trial, node = trial_folder(sweep, curve.number), f"node-{slot % NUM_NODES}"
    for path, value in curve.params.items():
        config = set_value(config, path, value)
    write_record(trial, TrialStart(number=curve.number, params=curve.params, config=config, created=begun))
    evaluations = [
        Evaluation(
            epoch=epoch,
            step=21 * epoch,
            seconds=60 * curve.seconds[epoch - 1],
            metrics=curve.at(epoch),
            losses={"l1": curve.at(epoch)["l1"]},
            weights={"l1": curve.params["loss.l1"], "classification": curve.params["loss.classification"]},
            finished="epochs" if state == "complete" and epoch == num_epochs else None,
        )
        for epoch in range(1, num_epochs + 1)
    ]
    write_evaluations(trial, evaluations)
    ended = begun + timedelta(seconds=60 * curve.seconds[num_epochs - 1])
    lost = Attempt(started=begun, ended=begun + (ended - begun) / 3, node="node-lost", cause="lost-node")
    write_record(
        trial,
        TrialState(
            state=state,
            reason=reason,
            started=begun + (ended - begun) / 3 if curve.number % 40 == 7 else begun,
            ended=ended,
            attempts=2 if curve.number % 40 == 7 else 1,
            failures={"lost-node": 1} if curve.number % 40 == 7 else {},
            earlier=(lost,) if curve.number % 40 == 7 else (),
            node=node,
            fid_weights="ef" * 32,
            fid_images=64,
            gpu_seconds=GPU * 60 * curve.seconds[num_epochs - 1],
        ),
    )
