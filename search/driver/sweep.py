"""Run a sweep, or go on with one that was broken off."""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from ray import tune
from rich.console import Console

from data.manifest import Manifest, check_quick
from models.fit import check_fit
from models.measures.semantics import imagenet_numbers
from search.driver.budget import BudgetMeter
from search.driver.connection import connected, require_resources
from search.driver.lock import only_driver
from search.driver.progress import SweepProgress
from search.driver.provenance import sweep_record
from search.driver.searcher import StudySearcher
from search.errors import SweepError
from search.pruning.pareto_asha import ParetoAsha
from search.records import TRIED_AGAIN, UNFINISHED, Sweep, read_sweep, read_sweep_record, write_record
from search.sampling.study import SweepStudy
from search.spec.objectives import check_labels
from search.spec.rungs import check_rungs, longest_training, rung_epochs
from search.spec.sweep_spec import SweepSpec, parse_spec
from search.storage import resume_command

MAX_WORKER_DEATHS = 3
"""How often a trial goes on from its checkpoint after its worker died, before it counts as failed."""


def start_sweep(spec: SweepSpec, folder: Path, address: str | None, console: Console) -> None:
    """Run a new sweep to its end; `folder`: where its records go.

    Raises:
        HuetuneError: the name is taken, the data are missing or damaged, or the cluster cannot run the trials.
    """
    if (folder / "sweep.json").exists():
        raise SweepError(
            f"there is a sweep {spec.name!r} in {folder.parent} already: `{resume_command(folder)}` goes on "
            "with it, or give this one another name with --name"
        )
    manifests = _checked_data(spec)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SweepError(f"cannot make the folder {folder.parent} ({error.strerror}); give another --storage") from None
    with connected(address):
        require_resources(spec.resources.cpu, spec.resources.gpu)
        with only_driver(folder):
            write_record(folder, sweep_record(spec, manifests))
            _drive(spec, folder, console)


def resume_sweep(folder: Path, address: str | None, console: Console) -> None:
    """Go on with a sweep: broken-off and failed trials from their last checkpoint, then those that it has not started.

    Raises:
        HuetuneError: as start_sweep; or the sweep runs already, or the data are not those that it began with.
    """
    record = read_sweep_record(folder)
    spec = parse_spec(record.spec)
    if not _num_left(spec, read_sweep(folder), but_failed=True):
        console.print(f"sweep {spec.name} is finished: nothing is left to do")
        return
    for split, manifest in _checked_data(spec).items():
        known = record.data[split]
        if manifest.sha256 != known["sha256"]:
            raise SweepError(
                f"{known['file']} is not the {split} set that the sweep began with; put that back, or start a new sweep"
            )
    with only_driver(folder), connected(address):
        require_resources(spec.resources.cpu, spec.resources.gpu)
        _drive(spec, folder, console)


def _checked_data(spec: SweepSpec) -> dict[str, Manifest]:
    """The manifests of whole files that every trial can be trained on."""
    manifests = {name: check_quick(beton) for name, beton in spec.data.files.items()}
    for config in spec.corner_configs:
        check_fit(config, manifests)
    classes = manifests["train"].classes
    if "classifier_top1" in spec.objectives and imagenet_numbers(classes) is None:
        raise SweepError(
            "objectives: classifier_top1 needs photos of ImageNet's classes, and these have others "
            f"({', '.join(classes[:3])} ...); take classifier_agreement"
        )
    check_labels(spec.objectives, num_labelled=sum(manifests["val"].class_counts.values()))
    check_rungs(spec.pruning, dict(spec.objectives), spec.corner_configs, manifests["train"].num_samples)
    return manifests


def _drive(spec: SweepSpec, folder: Path, console: Console) -> None:
    sweep = read_sweep(folder)
    settled = [trial for trial in sweep.trials if trial.state.state not in TRIED_AGAIN]
    used = {trial.number: trial.final.seconds * spec.resources.gpu for trial in sweep.trials if trial.final}
    budget = BudgetMeter(spec.budget, used, time.monotonic)
    pruning = _pruning(spec, sweep)
    console.print(
        f"sweep {spec.name}: {len(settled)} of {spec.search.trials} trials done, records in {folder}", soft_wrap=True
    )
    with SweepProgress(console, dict(spec.objectives), settled, spec.search.trials) as progress, _sigterm_as_ctrl_c():
        searcher = StudySearcher(spec, folder, SweepStudy(spec, folder), pruning, budget, progress)
        with suppress(KeyboardInterrupt):  # what is left is told below
            _run_tune(spec, searcher, pruning)
        console.print(progress.best() or "no trial has completed")
    _tell_end(spec, read_sweep(folder), searcher, budget, console)


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
    from search.worker.trial import run_trial

    run_trial(assignment)


def _pruning(spec: SweepSpec, sweep: Sweep) -> ParetoAsha | None:
    if spec.pruning.kind == "none":
        return None
    longest = longest_training(spec.corner_configs, sweep.record.data["train"]["num_samples"])
    assert longest is not None
    rungs = rung_epochs(spec.pruning.grace, spec.pruning.reduction, longest)
    pruning = ParetoAsha(dict(spec.objectives), rungs, spec.pruning.reduction)
    pruning.remember(sweep.trials)
    return pruning


def _num_left(spec: SweepSpec, sweep: Sweep, but_failed: bool = False) -> int:
    """Trials that have not come to an end; with `but_failed` a failure is none, as a resume tries such trials again."""
    settled = sum(trial.state.state not in (TRIED_AGAIN if but_failed else UNFINISHED) for trial in sweep.trials)
    return spec.search.trials - settled - len(sweep.unreadable)


def _tell_end(spec: SweepSpec, sweep: Sweep, searcher: StudySearcher, budget: BudgetMeter, console: Console) -> None:
    """Say what is left to do and why; an error unless the budget explains it."""
    left = _num_left(spec, sweep)
    if searcher.failing_because:
        raise SweepError(
            f"stopped with {left} trials left, since one after the other failed: {searcher.failing_because}; mend that "
            f"and go on with `{resume_command(sweep.folder)}`"
        )
    failed = [trial for trial in sweep.trials if trial.state.state == "failed"]
    if failed and len(failed) == len(sweep.trials):
        raise SweepError(
            f"all {len(failed)} trials failed, the first because of {failed[0].state.reason}; mend that and go on with "
            f"`{resume_command(sweep.folder)}`"
        )
    if left and budget.spent:
        console.print(f"the budget is spent with {left} of {spec.search.trials} trials left")
    elif left:
        raise SweepError(f"interrupted with {left} trials left; go on with `{resume_command(sweep.folder)}`")


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
