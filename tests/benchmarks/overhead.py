"""What a sweep costs beside its training: our searcher, pruning and records, and the same with bare Ray Tune.

Both sides propose by the same sampler of Optuna's and compare every trial at every rung, but what is decided there is
not obeyed, so that both work through the same number of reports. Ours writes what a worker writes of a trial that
trains: its state, and its evaluations after each one.
"""

from __future__ import annotations

import io
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
import ray
from benchmarks import idle_trials
from benchmarks.idle_trials import (
    NUM_REPORTS,
    OBJECTIVES,
    REDUCTION,
    bare_trial,
    recorded_reports,
    recorded_trial,
    sweep_spec,
)
from ray import tune
from rich.console import Console

from search.control.mailbox import Mailbox
from search.driver.budget import BudgetMeter
from search.driver.conductor import Conductor
from search.driver.connection import ClusterRoom, connected
from search.driver.final_checks import FinalChecks
from search.driver.keeper import CheckpointKeeper
from search.driver.ledger import Ledger
from search.driver.orders import OrderDesk
from search.driver.progress import SweepProgress
from search.driver.queue import TrialQueue
from search.driver.tune_run import run_tune
from search.pruning.build import build_pruner
from search.pruning.pruner import Decision, Pruner, Release
from search.recording import write_record
from search.records import SweepRecord, Trial, read_sweep, trial_folder
from search.sampling.samplers import sampler_for
from search.sampling.study import SweepStudy
from search.staging.placement import Holders

Figures = dict[str, float]


class Unobeyed:
    """A pruner that decides as it always does, and lets everybody go on."""

    def __init__(self, pruner: Pruner) -> None:
        self._pruner = pruner

    def remember(self, trials: Iterable[Trial]) -> None:
        self._pruner.remember(trials)

    def decide(self, number: int, epoch: float, metrics: Mapping[str, float]) -> Decision:
        self._pruner.decide(number, epoch, metrics)
        return None

    def ended(self, number: int) -> None:
        self._pruner.ended(number)

    def released(self, more_to_come: bool) -> list[Release]:
        return self._pruner.released(more_to_come)


def begin(folder: Path, num_trials: int) -> None:
    spec = sweep_spec(num_trials)
    record = SweepRecord(
        name=spec.name,
        objectives=spec.objectives,
        spec=spec.model_dump(mode="json"),
        created=datetime.now(UTC),
        command="",
        versions={},
    )
    write_record(folder, record)


def conductor_of(
    folder: Path, progress: SweepProgress, capacity: Callable[[], int], lap: Callable[[str], None]
) -> Conductor:
    """As search.driver.sweep makes it; `lap` hears of each part that is done."""
    ledger, sweep = Ledger(folder), read_sweep(folder)
    spec, trials = ledger.spec, sweep.trials
    lap("records")
    study = SweepStudy(spec, folder, ledger.record, trials)
    unrecorded = study.settle(trials)
    lap("study")
    built = build_pruner(spec, NUM_REPORTS)
    assert built is not None
    pruner = Unobeyed(built)
    pruner.remember(trials)
    lap("rungs")
    budget = BudgetMeter(spec.objectives, trials, 0.0, 0.0, time.monotonic)
    keeper = CheckpointKeeper(folder, dict(spec.objectives), (), spec.disk, time.time)
    queue = TrialQueue(ledger, study, trials, unrecorded)
    conductor = Conductor(ledger, study, queue, FinalChecks(ledger, trials), pruner, budget, keeper, progress, capacity)
    lap("queue, budget")
    return conductor


def silent_progress() -> SweepProgress:
    return SweepProgress(Console(file=io.StringIO()), OBJECTIVES, (), [])


def ours(num_trials: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="huetune-overhead-") as name, connected(None):
        folder = Path(name) / "overhead"
        with stopwatch() as figures:
            begin(folder, num_trials)
            resources = sweep_spec(num_trials).resources
            with silent_progress() as progress:
                room = ClusterRoom(resources.cpu, resources.num_gpus, time.monotonic)
                conductor = conductor_of(folder, progress, room, lambda part: None)
                desk = OrderDesk(Mailbox(folder), conductor)

                def attend() -> None:
                    desk.attend()
                    conductor.tidy()

                _shipped_whole()
                run_tune(conductor, recorded_trial, attend, {"cpu": resources.cpu, "gpu": 0}, Holders({}))
        trials = read_sweep(folder).trials
        assert [len(trial.evaluations) for trial in trials] == [NUM_REPORTS] * num_trials
        return figures


def bare_tune(num_trials: int, *, loggers: bool) -> Figures:
    """Its searcher of Optuna's, its ASHA, a reused worker for each slot; snapshots as often as it likes."""
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    class UnobeyedAsha(ASHAScheduler):
        def on_trial_result(self, *arguments: Any) -> str:
            super().on_trial_result(*arguments)
            return str(self.CONTINUE)

    if not loggers:
        os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    spec = sweep_spec(num_trials)
    searcher = OptunaSearch(
        space=spec.parsed_space.distributions(next(iter(spec.parsed_space.corners()))),
        metric=list(OBJECTIVES),
        mode=list(OBJECTIVES.values()),
        sampler=sampler_for(spec, 0),
    )
    asha = UnobeyedAsha(metric="l1", mode="min", max_t=NUM_REPORTS + 1, reduction_factor=REDUCTION)
    for noisy in ("ray", "ray.tune"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ray.init(address="local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="huetune-overhead-") as folder:
        _shipped_whole()
        with stopwatch() as figures:
            tuner = tune.Tuner(
                tune.with_resources(bare_trial, {"cpu": spec.resources.cpu}),
                tune_config=tune.TuneConfig(
                    search_alg=searcher, scheduler=asha, num_samples=num_trials, reuse_actors=True
                ),
                run_config=tune.RunConfig(storage_path=folder, verbose=0),
            )
            results = tuner.fit()
        lengths = [(results[number].metrics or {})["training_iteration"] for number in range(len(results))]
        assert lengths == [NUM_REPORTS] * num_trials
    return figures


def _shipped_whole() -> None:
    """Ray's workers have no import path to this folder."""
    ray.cloudpickle.register_pickle_by_value(idle_trials)


@contextmanager
def stopwatch() -> Iterator[Figures]:
    """Seconds of the wall clock and of this process's CPU, and nothing printed meanwhile."""
    figures: Figures = {}
    began, used = time.perf_counter(), time.process_time()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield figures
    figures |= {"seconds": time.perf_counter() - began, "driver's CPU seconds": time.process_time() - used}


SIDES: dict[str, Callable[[int], Figures]] = {
    "ours": ours,
    "bare Tune": lambda num_trials: bare_tune(num_trials, loggers=True),
    "bare Tune without loggers": lambda num_trials: bare_tune(num_trials, loggers=False),
}


def without_ray(folder: Path, num_trials: int) -> Figures:
    """Run so many trials of a sweep of one more, each to its end before the next begins, and leave it there."""
    with stopwatch() as figures:
        begin(folder, num_trials + 1)
        conductor = conductor_of(folder, silent_progress(), lambda: 1, lambda part: None)
        for _ in range(num_trials):
            number = conductor.next_trial()
            assert number is not None
            report: dict[str, Any] = {}
            for report in recorded_reports(trial_folder(folder, number), number):
                conductor.evaluated(number, report)
            conductor.ended(number, report, None)
    return figures


def resume(folder: Path) -> Figures:
    """Seconds of each part of going on with a sweep, until its next trial could start."""
    figures: Figures = {}
    began = time.perf_counter()

    def lap(part: str) -> None:
        figures[part] = time.perf_counter() - began - sum(figures.values())

    conductor = conductor_of(folder, silent_progress(), lambda: 1, lap)
    assert conductor.next_trial() is not None
    lap("first proposal")
    return figures
