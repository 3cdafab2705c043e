"""Run a sweep, or go on with one that was broken off."""

import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from ray import tune
from rich.console import Console

from data.manifest import Manifest, check_quick
from models.fit import check_fit
from search.budget import BudgetMeter
from search.connection import connected, require_resources
from search.errors import SweepError
from search.pareto_asha import ParetoAsha, rung_epochs
from search.progress import SweepProgress
from search.provenance import versions
from search.records import UNFINISHED, Sweep, SweepRecord, read_sweep, write_record
from search.searcher import StudySearcher
from search.spec import SweepSpec, parse_spec
from search.study import SweepStudy

MAX_WORKER_DEATHS = 3
"""How often a trial goes on from its checkpoint after its worker died, before it counts as failed."""


def start_sweep(spec: SweepSpec, folder: Path, address: str | None, console: Console) -> None:
    """Run a new sweep to its end; `folder`: where its records go.

    Raises:
        HuetuneError: the name is taken, the data are missing or damaged, or the cluster cannot run the trials.
    """
    if (folder / "sweep.json").exists():
        raise SweepError(
            f"there is a sweep {spec.name!r} in {folder.parent} already: `huetune sweep resume {spec.name}` goes on "
            "with it, or give this one another name with --name"
        )
    manifests = {split: check_quick(Path(spec.data[split])) for split in ("train", "val")}
    for corner in spec.parsed_space.corners():
        check_fit(spec.trial_config(corner), manifests["train"], manifests["val"])
    with connected(address):
        require_resources(spec.resources.cpu, spec.resources.gpu)
        write_record(folder, _sweep_record(spec, manifests))
        _drive(spec, folder, console)


def resume_sweep(folder: Path, address: str | None, console: Console) -> None:
    """Go on with a sweep: broken-off trials from their last checkpoint, then those that it has not started.

    Raises:
        HuetuneError: as start_sweep; or the data are not those that the sweep began with.
    """
    sweep = read_sweep(folder)
    spec = parse_spec(sweep.record.spec)
    for split, known in sweep.record.data.items():
        if check_quick(Path(known["file"])).sha256 != known["sha256"]:
            raise SweepError(
                f"{known['file']} is not the {split} set that the sweep began with; put that back, or start a new sweep"
            )
    with connected(address):
        require_resources(spec.resources.cpu, spec.resources.gpu)
        _drive(spec, folder, console)


def _drive(spec: SweepSpec, folder: Path, console: Console) -> None:
    sweep = read_sweep(folder)
    settled = [trial for trial in sweep.trials if trial.state.state not in UNFINISHED]
    used = {trial.number: trial.final.seconds * spec.resources.gpu for trial in sweep.trials if trial.final}
    budget = BudgetMeter(spec.budget, used, time.monotonic)
    pruning = _pruning(spec, sweep)
    console.print(f"sweep {spec.name}: {len(settled)} of {spec.search.trials} trials done, records in {folder}")
    with SweepProgress(console, dict(spec.objectives), settled, spec.search.trials) as progress, _sigterm_as_ctrl_c():
        searcher = StudySearcher(spec, folder, SweepStudy(spec, folder), pruning, budget, progress)
        if searcher.num_left and not budget.spent:
            with suppress(KeyboardInterrupt):  # what is left is told below
                _run_tune(spec, searcher, pruning)
        console.print(progress.best() or "no trial has completed")
    _require_end(spec, read_sweep(folder), budget)


def _run_tune(spec: SweepSpec, searcher: StudySearcher, pruning: ParetoAsha | None) -> None:
    resources = {"cpu": spec.resources.cpu, "gpu": spec.resources.gpu}
    with tempfile.TemporaryDirectory(prefix="huetune-tune-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(_trial, resources),
            # A worker that stays for the next trial saves seconds of start-up and keeps the Inception network.
            tune_config=tune.TuneConfig(
                search_alg=searcher, scheduler=pruning, num_samples=searcher.num_left, reuse_actors=True
            ),
            run_config=tune.RunConfig(
                name=spec.name,
                storage_path=scratch,
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=MAX_WORKER_DEATHS),
            ),
        )
        tuner.fit()


def _trial(assignment: dict[str, Any]) -> None:
    # Imported by the workers only: the driver does without torch and FFCV, and so starts and complains at once.
    from search.trial import run_trial

    run_trial(assignment)


def _pruning(spec: SweepSpec, sweep: Sweep) -> ParetoAsha | None:
    if spec.pruning.kind == "none":
        return None
    rungs = rung_epochs(spec.pruning.grace, spec.pruning.reduction, spec.max_epochs)
    pruning = ParetoAsha(dict(spec.objectives), rungs, spec.pruning.reduction)
    pruning.remember(sweep.trials)
    return pruning


def _require_end(spec: SweepSpec, sweep: Sweep, budget: BudgetMeter) -> None:
    """Say so if trials are left that the budget does not explain."""
    left = spec.search.trials - sum(trial.state.state not in UNFINISHED for trial in sweep.trials)
    if left and not budget.spent:
        raise SweepError(f"interrupted with {left} trials left; go on with `huetune sweep resume {spec.name}`")
    failed = [trial for trial in sweep.trials if trial.state.state == "failed"]
    if failed and len(failed) == len(sweep.trials):
        raise SweepError(f"every trial failed; the first: {failed[0].state.reason} (see {failed[0].folder}/error.txt)")


def _sweep_record(spec: SweepSpec, manifests: dict[str, Manifest]) -> SweepRecord:
    data: dict[str, dict[str, Any]] = {
        split: {
            "file": spec.data[split],
            "sha256": manifest.sha256,
            "num_samples": manifest.num_samples,
            "classes": list(manifest.classes),
        }
        for split, manifest in manifests.items()
    }
    config = spec.trial_config(next(spec.parsed_space.corners()))
    data["val"]["fid_images"] = min(config.evaluation.fid_images, manifests["val"].num_samples)
    return SweepRecord(
        name=spec.name,
        objectives=spec.objectives,
        spec=spec.model_dump(mode="json"),
        created=datetime.now(UTC),
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        versions=versions(),
        data=data,
    )


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Let a scheduler's SIGTERM end a sweep as cleanly as Ctrl-C does; Ray Tune knows SIGINT only."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
