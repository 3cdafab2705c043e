"""Sweeps that are played through without Ray and without training: real records, study, pruning and conductor."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recorded_sweeps import NOON

from models.evaluation import Evaluation
from search.driver.budget import BudgetMeter
from search.driver.conductor import Conductor
from search.driver.failures import Failure
from search.driver.final_checks import FinalChecks
from search.driver.keeper import CheckpointKeeper
from search.driver.ledger import Ledger
from search.driver.queue import TrialQueue
from search.pruning.build import build_pruner
from search.recording import record_begin, write_evaluations, write_record
from search.records import SweepRecord, Trial, read_sweep, read_trial, trial_folder
from search.records import Tested as OnTestPhotos
from search.sampling.study import SweepStudy
from search.spec.sweep_spec import parse_spec

EPOCHS = 9
SPEC: dict[str, Any] = {
    "name": "played",
    "data": {"train": "t", "val": "v"},
    "objectives": {"l1": "min", "accuracy": "max"},
    "base": {"loss": {"classification": 1.0}, "evaluation": {"fid_images": 0}, "epochs": EPOCHS},
    "space": {"loss.l1": {"log": [1, 300]}, "loss.adversarial": ["bce", "lsgan"]},
    "search": {"trials": 8, "seed": 1},
    "pruning": {"grace": 1, "reduction": 3},
}


class Quiet:
    """Shows nothing, but keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.settled_trials: list[Trial] = []

    def evaluated(self, number: int, result: dict[str, Any]) -> None: ...

    def settled(self, trial: Trial) -> None:
        self.settled_trials.append(trial)

    def note(self, text: str) -> None:
        self.notes.append(text)


def begin(folder: Path, **changes: Any) -> Path:
    """A sweep that was begun a moment ago."""
    spec = parse_spec(SPEC | changes)
    write_record(
        folder,
        SweepRecord(
            name=spec.name,
            objectives=spec.objectives,
            spec=spec.model_dump(mode="json"),
            created=NOON,
            command="huetune sweep run played.yaml",
            versions={},
            data={"train": {"num_samples": 100}, "val": {}},
        ),
    )
    return folder


def metrics_of(config: Mapping[str, Any], epoch: int) -> dict[str, float]:
    """Better with every epoch, and each configuration in its own way."""
    weight = math.log(config["loss"]["l1"]) / math.log(300)
    lsgan = config["loss"]["adversarial"] == "lsgan"
    return {
        "l1": 0.3 - 0.1 * weight + 0.2 / epoch + 0.001 * config["seed"],
        "accuracy": 0.4 + 0.3 * (1 - weight) * (1 - 1 / (1 + epoch)) + 0.05 * lsgan,
    }


class Played:
    """A driver and its workers, one after the other in this process; `Played(folder)` again is a restart."""

    def __init__(self, folder: Path, slots: int = 1, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.folder, self.progress = folder, Quiet()
        ledger, trials = Ledger(folder), read_sweep(folder).trials
        spec = ledger.spec
        study = SweepStudy(spec, folder, ledger.record, trials)
        unrecorded = study.settle(trials)
        pruner = build_pruner(spec, EPOCHS)
        if pruner is not None:
            pruner.remember(trial for trial in trials if trial.start.origin != "repeat")
        queue = TrialQueue(ledger, study, trials, unrecorded)
        budget = BudgetMeter(spec.objectives, trials, spec.resources.num_gpus, 0.0, clock)
        keeper = CheckpointKeeper(folder, dict(spec.objectives), (), spec.disk, clock)
        checks, room = FinalChecks(ledger, trials), (lambda: slots)
        self.conductor = Conductor(ledger, study, queue, checks, pruner, budget, keeper, self.progress, room)
        self.fresh: set[int] = set()  # trials whose worker has yet to tell the evaluation that it went on from

    def start(self) -> list[int]:
        """Start what there is room for."""
        started = []
        while (number := self.conductor.next_trial()) is not None:
            started.append(number)
            if number in self.conductor.checks.running:
                continue
            trial = read_trial(trial_folder(self.folder, number))
            record_begin(trial, f"node-{len(started) % 2}")
            (trial.folder / "checkpoints").mkdir(exist_ok=True)
            (trial.folder / "checkpoints" / "last.pt").write_bytes(b"weights")
            self.fresh.add(number)
        return started

    def evaluate(self, number: int) -> None:
        """One more evaluation of a running trial; if that ends it, its end."""
        trial = read_trial(trial_folder(self.folder, number))
        again = number in self.fresh and trial.evaluations
        self.fresh.discard(number)
        if not again:
            epoch = len(trial.evaluations) + 1
            evaluation = Evaluation(
                epoch=epoch,
                step=10 * epoch,
                seconds=60.0 * epoch,
                metrics=metrics_of(trial.config, epoch),
                finished="epochs" if epoch == EPOCHS else None,
            )
            write_evaluations(trial.folder, [*trial.evaluations, evaluation])
        final = read_trial(trial.folder).final
        assert final is not None
        result = {"number": number, "epoch": final.epoch, "seconds": final.seconds, "cause": "", "reason": ""}
        result |= {"outcome": "complete" if final.finished else "", **final.metrics}
        if not self.conductor.evaluated(number, result) or final.finished:
            self.conductor.ended(number, result, None)

    def fail(self, number: int, failure: Failure) -> None:
        """The worker of a running trial dies."""
        self.conductor.ended(number, None, failure)

    def test(self, number: int) -> None:
        """A trial that is being tested, to the end of that."""
        metrics = {"l1": 0.25, "accuracy": 0.5}
        found = OnTestPhotos(metrics=metrics, file="f", sha256="a", num_photos=9, num_labelled=9, num_costly=0)
        write_record(trial_folder(self.folder, number), found)
        self.conductor.ended(number, {"number": number, "outcome": "tested", **metrics}, None)

    def play(self, num_evaluations: int = 10**6) -> None:
        """Go on for so many evaluations, or to the end; the trials take turns."""
        while num_evaluations > 0:
            self.start()
            tested = sorted(self.conductor.checks.running)
            for number in tested:
                self.test(number)
            running = sorted(self.conductor.running)
            if not running and not tested:
                break
            for number in running[:num_evaluations]:
                self.evaluate(number)
                num_evaluations -= 1

    def table(self) -> list[Any]:
        """All that must not depend on when and how often a sweep was broken off."""
        return [
            (trial.number, trial.params, trial.state.state, trial.state.reason, [e.metrics for e in trial.evaluations])
            for trial in read_sweep(self.folder).trials
        ]
