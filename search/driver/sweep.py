"""Run a sweep, or go on with one that was broken off."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from search.control.mailbox import Mailbox
from search.driver.budget import BudgetMeter
from search.driver.conductor import Conductor
from search.driver.connection import ClusterRoom, connected, require_resources
from search.driver.ending import tell_end
from search.driver.final_checks import FinalChecks
from search.driver.finalists import needs_test
from search.driver.keeper import CheckpointKeeper
from search.driver.ledger import Ledger
from search.driver.lock import Session, only_driver, seconds_driven
from search.driver.orders import OrderDesk
from search.driver.preparation import checked_data, require_same_data
from search.driver.progress import SweepProgress
from search.driver.provenance import sweep_record
from search.driver.queue import GO_ON, TrialQueue
from search.driver.recovery import recovered
from search.driver.tune_run import TrialFunction, run_tune
from search.errors import SweepError
from search.interruption import Interrupted, told_of_interruption
from search.packing.on_cluster import settle_packing
from search.preflight.ready import require_ready_nodes
from search.pruning.build import build_pruner
from search.recording import write_record
from search.records import TRIED_AGAIN, Sweep, read_sweep, read_sweep_record
from search.sampling.study import SweepStudy
from search.sampling.warm_start import check_warm_start
from search.spec.constraints import parse_constraints
from search.spec.rungs import longest_training
from search.spec.sweep_spec import SweepSpec
from search.staging.of_sweep import staging_of
from search.staging.on_node import Staging
from search.staging.placement import holders
from search.storage import resume_command


def start_sweep(spec: SweepSpec, folder: Path, address: str | None, console: Console) -> None:
    """Run a new sweep to its end; `folder`: where its records go.

    Raises:
        HuetuneError: the name is taken, the data are missing or damaged, or the cluster cannot run the trials.
    """
    _require_new(folder)
    manifests = checked_data(spec)
    record = sweep_record(spec, manifests)
    check_warm_start(spec, folder, record)
    with only_driver(folder) as session, _disk_errors_told(folder), _removed_unless_begun(folder, session):
        _require_new(folder)  # two may have been started at once
        write_record(folder, record)
        _drive(folder, session, address, console)


def resume_sweep(folder: Path, address: str | None, console: Console) -> None:
    """Go on with a sweep: broken-off and failed trials from their last checkpoint, then those that it has not started.

    Raises:
        HuetuneError: as start_sweep; or the sweep runs already, or the data are not those that it began with.
    """
    read_sweep_record(folder)  # a name that there is not must leave no folder behind
    with only_driver(folder) as session, _disk_errors_told(folder):
        ledger = Ledger(folder)
        require_same_data(ledger.record, checked_data(ledger.spec, _needs_test(ledger)))
        _drive(folder, session, address, console)


def _needs_test(ledger: Ledger) -> bool:
    return ledger.spec.data.test is not None and needs_test(ledger.spec, read_sweep(ledger.folder).trials)


def require_same_sweep(spec: SweepSpec, folder: Path) -> None:
    """Raise SweepError if the sweep in `folder` began as another, or has been changed from what `spec` says.

    What orders and extensions have changed since is not compared: that is not to be undone by a file.
    """
    record = read_sweep_record(folder)
    if record.lineage:
        return
    asked = spec.model_dump(mode="json")
    began = SweepSpec.model_validate(record.spec).model_dump(mode="json")  # what older records lack has its default
    if asked["resources"]["gpu"] == "auto" and record.packing:
        asked["resources"]["gpu"] = record.num_gpus
    if other := [name for name in asked if name != "name" and asked[name] != began[name]]:
        raise SweepError(
            f"the sweep {folder.name!r} in {folder.parent} began with another {', '.join(other)} than the file says; "
            "put that back, change the sweep with `huetune sweep extend`, or give this one another name with --name"
        )


def _require_new(folder: Path) -> None:
    """Raise SweepError if there is such a sweep already."""
    if (folder / "sweep.json").exists():
        raise SweepError(
            f"there is a sweep {folder.name!r} in {folder.parent} already: `{resume_command(folder)}` goes on "
            "with it, or give this one another name with --name"
        )
    if others := [path.name for path in _entries(folder) if path.name != "driver"]:
        raise SweepError(
            f"{folder} is no sweep, and is not empty ({others[0]} ...); give this one another name with --name"
        )


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _removed_unless_begun(folder: Path, session: Session) -> Iterator[None]:
    """Leave nothing of a new sweep that failed before its first trial began, so that its name is free."""
    try:
        yield
    except BaseException:
        if not any(folder.glob("trials/*/state.json")) and not session.lost:
            for path in _entries(folder):
                if path.is_dir() and path.name != "driver":
                    shutil.rmtree(path, ignore_errors=True)
                elif path.is_file():
                    path.unlink(missing_ok=True)
        raise


@contextmanager
def _disk_errors_told(folder: Path) -> Iterator[None]:
    """Say in one line what the storage refuses."""
    try:
        yield
    except OSError as error:
        raise SweepError(
            f"cannot use {error.filename or folder} ({error.strerror or error}); mend that, or make room, and go on "
            f"with `{resume_command(folder)}`"
        ) from None


def _drive(folder: Path, session: Session, address: str | None, console: Console) -> None:
    ledger, sweep = Ledger(folder), recovered(folder, lambda text: console.print(text, soft_wrap=True, markup=False))
    settle_packing(ledger, folder, address, console)
    spec = ledger.spec
    ledger.count_trials(sweep)
    settled = [trial for trial in sweep.trials if trial.state.state not in TRIED_AGAIN]
    resources: dict[str, Any] = {"cpu": spec.resources.cpu, "gpu": spec.resources.num_gpus}
    interrupted: list[Interrupted] = []
    with SweepProgress(console, dict(spec.objectives), parse_constraints(spec.constraints), settled) as progress:
        conductor = _conductor(ledger, sweep, progress)
        desk = OrderDesk(Mailbox(folder), conductor)

        def attend() -> None:
            if session.lost:
                raise SweepError(f"sweep {folder.name} is run by another process now; this one has stopped")
            desk.attend()
            conductor.tidy()
            progress.expect(len(settled) + conductor.num_settled + len(conductor.running) + conductor.queue.num_left)

        def interrupt(by: Interrupted) -> None:
            interrupted.append(by)
            conductor.end("interrupted", at_once=True)

        attend()
        if not conductor.over:
            left = conductor.queue.num_left
            begun = sum(trial.final is not None for trial in sweep.trials if trial.state.state in GO_ON)
            to_do = f"{left} to do" + (f", {begun} of them begun" if begun else "")
            to_do += f", {conductor.checks.num_left} to test" if conductor.checks.num_left else ""
            progress.note(f"sweep {spec.name}: {len(settled)} trials done, {to_do}, records in {folder}")
            with connected(address):
                require_resources(spec.resources.cpu, spec.resources.num_gpus)
                require_ready_nodes(spec, ledger.record, folder, address)
                with told_of_interruption(interrupt), staging_of(spec) as staging:
                    preferred = holders(_hashes(ledger), spec.resources, left)
                    run_tune(conductor, _trial_function(staging), attend, resources, preferred)
            progress.note(progress.best())
    sweep = read_sweep(folder)
    ledger.count_trials(sweep)
    tell_end(conductor, sweep, interrupted[0].exit_status if interrupted else 0, console)


def _conductor(ledger: Ledger, sweep: Sweep, progress: SweepProgress) -> Conductor:
    spec, trials = ledger.spec, sweep.trials
    study = SweepStudy(spec, sweep.folder, ledger.record, trials)
    unrecorded = study.settle(trials)
    if study.num_of_others:
        progress.note(f"the sampler learns from {study.num_of_others} trials of other sweeps")
    longest = longest_training(spec.corner_configs, ledger.record.data["train"]["num_samples"])
    assert longest is not None
    pruner = build_pruner(spec, longest)
    if pruner is not None:
        pruner.remember(trial for trial in trials if trial.start.origin != "repeat")
    gpu = spec.resources.num_gpus
    return Conductor(
        ledger,
        study,
        TrialQueue(ledger, study, trials, unrecorded),
        FinalChecks(ledger, trials),
        pruner,
        BudgetMeter(spec.objectives, trials, gpu, seconds_driven(sweep.folder), time.monotonic),
        CheckpointKeeper(
            sweep.folder, dict(spec.objectives), parse_constraints(spec.constraints), spec.disk, time.time
        ),
        progress,
        capacity=ClusterRoom(spec.resources.cpu, gpu, time.monotonic),
    )


def _hashes(ledger: Ledger) -> list[str]:
    """Of the photos that trials are trained and validated on."""
    return [known["sha256"] for split, known in ledger.record.data.items() if split != "test"]


def _trial_function(staging: Staging | None) -> TrialFunction:
    def trial(assignment: dict[str, Any]) -> None:
        from search.worker.own_folder import leave_vanished_folder

        leave_vanished_folder()
        # Imported by the workers only: the driver does without torch and FFCV, and so starts and complains at once.
        from search.worker.trial import run_trial

        run_trial(assignment, staging)

    return trial
