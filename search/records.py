"""What a sweep leaves on disk: the contract between search, which writes it, and everything that reads it.

    <storage>/<sweep>/
        sweep.json                      SweepRecord: the spec and where it was run
        study.journal, study.db         the sampler's memory (Optuna), made anew from the rest if it is lost
        artifacts/0007                  links to samples.png, where optuna-dashboard looks for them
        driver/0001.json                one file for each process that has run the sweep: see driver/lock.py
        control/                        orders from other terminals, and what became of them: see control/mailbox.py
        trials/0007/
            trial.json                  TrialStart: the configuration; written when the trial is suggested
            state.json                  TrialState: what became of it
            evaluations.jsonl           one Evaluation a line
            exploits.jsonl              one Exploit a line: what it took over from another trial (PBT)
            checkpoints/*.pt            last, best per task, best joint; REMOVED says why one is gone
            error.txt                   the trace of its latest failure
            tested.json                 Tested: a repeat, on photos that no trial has seen
            samples.png                 rows of photos: gray | colorized by this trial | truth; LPIPS of each as text
            tensorboard/                scalars and image grids

Each file is replaced in one step: a reader sees it whole, old or new, and never waits for a writer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import HuetuneError
from models.evaluation import Evaluation
from search.record_files import numbered, read_at_once, read_lines, read_one, reason

State = Literal["waiting", "running", "paused", "complete", "pruned", "diverged", "collapsed", "failed"]
UNFINISHED: tuple[State, ...] = ("waiting", "running", "paused")
TRIED_AGAIN: tuple[State, ...] = (*UNFINISHED, "failed")
"""The trials that can go on."""
Cause = Literal[
    "",
    "gpu-memory",
    "non-finite",
    "host-memory",
    "worker-death",
    "lost-node",
    "preemption",
    "damaged-data",
    "full-disk",
    "bug",
]
"""Why an attempt at a trial failed; empty: it did not."""
Origin = Literal["sampled", "enqueued", "repeat"]


class RecordsError(HuetuneError):
    """A sweep's folder is missing or cannot be read."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Record):
    """A change to a sweep after its start."""

    when: datetime
    who: str
    why: str = ""
    what: str
    """In words, such as `search.trials: 50 -> 100`."""
    num_trials: int
    """How many trials there were."""


class SweepRecord(_Record):
    """sweep.json: what was asked for, and with what it was run."""

    name: str
    objectives: dict[str, Literal["min", "max"]]
    spec: dict[str, Any]
    """The sweep's YAML file as read, data paths made absolute."""
    created: datetime
    command: str
    versions: dict[str, str]
    """huetune, python, torch, ray ... and the commit, where known."""
    data: dict[str, dict[str, Any]] = {}
    """For train, val, unlabelled and test, if any: file, sha256, count and classes of the .beton."""
    lineage: tuple[Change, ...] = ()
    """How the spec became what it is now, oldest first."""
    num_studies: int = 1
    """Another space needs another study of the sampler: so many there have been."""
    paused: bool = False
    """No trial is started, on somebody's order."""


class TrialStart(_Record):
    """trial.json: which point of the space this is."""

    number: int
    params: dict[str, Any]
    """The searched values by dotted path."""
    config: dict[str, Any]
    """The whole trial configuration (models.config.TrialConfig)."""
    created: datetime
    origin: Origin = "sampled"
    repeat_of: int | None = None
    """The trial whose configuration this one has, with another seed."""
    note: str = ""
    """Where it comes from, in words, if not from the sampler."""
    order: str = ""
    """The order of somebody's that asked for it: see control/."""


class Exploit(_Record):
    """A line of exploits.jsonl: the trial went on with another's networks and with other values."""

    epoch: float
    donor: int
    params: dict[str, Any]
    """The searched values from here on."""
    config: dict[str, Any]
    """The whole configuration from here on."""


class Attempt(_Record):
    """A stretch of a trial on one node."""

    started: datetime
    ended: datetime | None
    """None: it runs, or nobody was there to see its end."""
    node: str
    cause: Cause = ""
    """Of its failure, if it ended by one."""


class TrialState(_Record):
    """state.json: what became of the trial, last writer wins."""

    state: State
    reason: str = ""
    """In words: why it was pruned, diverged, collapsed or failed."""
    cause: Cause = ""
    """Of its failure."""
    failures: dict[str, int] = {}
    """Failed attempts by cause, those included after which it went on."""
    started: datetime | None = None
    """When the latest attempt began."""
    ended: datetime | None = None
    attempts: int = 0
    node: str = ""
    earlier: tuple[Attempt, ...] = ()
    """The attempts of which it is known that they are over, the latest one too once it was put down."""
    fid_weights: str = ""
    """Content hash of the Inception weights that its FID was measured with (models.weights.weights_hash)."""
    fid_images: int = 0
    """N, on which its FID was measured: the first photos of the validation file."""
    gpu_seconds: float = 0.0
    """Seconds times the share of GPUs held, over all attempts that reported."""


class Tested(_Record):
    """tested.json: a trial, trained to its end, on photos that had no part in the search."""

    model_config = ConfigDict(ser_json_inf_nan="strings")  # a metric may be infinite, or not a number

    metrics: dict[str, float]
    details: dict[str, float] = {}
    file: str
    sha256: str
    num_photos: int
    num_labelled: int
    num_costly: int
    """N of FID and the other costly metrics."""


@dataclass(frozen=True)
class Trial:
    """Everything known of one trial."""

    folder: Path
    start: TrialStart
    state: TrialState
    evaluations: tuple[Evaluation, ...]
    exploits: tuple[Exploit, ...] = ()
    tested: Tested | None = None

    @property
    def number(self) -> int:
        return self.start.number

    @property
    def params(self) -> dict[str, Any]:
        """The searched values that it has now."""
        return self.exploits[-1].params if self.exploits else self.start.params

    @property
    def config(self) -> dict[str, Any]:
        """The whole configuration that it has now."""
        return self.exploits[-1].config if self.exploits else self.start.config

    @property
    def all_attempts(self) -> tuple[Attempt, ...]:
        """All attempts at it, oldest first."""
        state = self.state
        if state.started is None or (state.earlier and state.earlier[-1].started == state.started):
            return state.earlier
        latest = Attempt(started=state.started, ended=state.ended, node=state.node, cause=state.cause)
        return (*state.earlier, latest)

    @property
    def final(self) -> Evaluation | None:
        """The last evaluation."""
        return self.evaluations[-1] if self.evaluations else None


@dataclass(frozen=True)
class Sweep:
    """Everything known of one sweep. `unreadable` names the trial folders that could not be read, with the reason."""

    folder: Path
    record: SweepRecord
    trials: tuple[Trial, ...]
    unreadable: dict[str, str] = field(default_factory=dict)


def trial_folder(sweep: Path, number: int) -> Path:
    return sweep / "trials" / f"{number:04d}"


def read_sweep(folder: Path) -> Sweep:
    """Read a sweep, running, finished or broken off.

    Raises:
        RecordsError: there is no sweep in `folder`, or its sweep.json or list of trials cannot be read.
    """
    record = read_sweep_record(folder)
    return sweep_of(folder, record, read_at_once(read_trial, trial_folders(folder)))


def read_sweep_record(folder: Path) -> SweepRecord:
    path = folder / "sweep.json"
    try:
        return SweepRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        others = ", ".join(sorted(other.parent.name for other in folder.parent.glob("*/sweep.json"))) or "none"
        raise RecordsError(f"no sweep {folder.name!r} in {folder.parent}; sweeps there: {others}") from None
    except (OSError, ValidationError) as error:
        raise RecordsError(f"{path} cannot be read ({reason(error)}); restore it from a backup") from None


def trial_folders(sweep: Path) -> list[Path]:
    """The folders of a sweep's trials, by name; RecordsError if they cannot be listed."""
    try:
        return numbered(sweep / "trials")
    except OSError as error:
        raise RecordsError(f"the trials of {sweep} cannot be listed ({reason(error)}); mend its permissions") from None


def sweep_of(folder: Path, record: SweepRecord, found: Mapping[Path, Trial | str]) -> Sweep:
    """A sweep with what was found in the folders of its trials."""
    trials = sorted((one for one in found.values() if isinstance(one, Trial)), key=lambda trial: trial.number)
    return Sweep(folder, record, tuple(trials), {path.name: why for path, why in found.items() if isinstance(why, str)})


def read_trial(folder: Path) -> Trial:
    """What is known of one trial.

    Raises:
        OSError, ValidationError: a file cannot be read, or is damaged.
        RecordsError: it is the folder of another trial.
    """
    start = TrialStart.model_validate_json((folder / "trial.json").read_bytes())
    if trial_folder(folder, start.number).name != folder.name:
        raise RecordsError(f"its trial.json is of trial {start.number}")
    state = read_state(folder)  # before the evaluations, which are then never older than it
    return Trial(
        folder,
        start,
        state,
        read_evaluations(folder),
        read_lines(Exploit, folder / "exploits.jsonl"),
        read_one(Tested, folder / "tested.json"),
    )


def read_state(folder: Path) -> TrialState:
    """What has become of a trial so far."""
    return read_one(TrialState, folder / "state.json") or TrialState(state="waiting")


def read_evaluations(folder: Path) -> tuple[Evaluation, ...]:
    """A trial's evaluations so far, by epoch."""
    return read_lines(Evaluation, folder / "evaluations.jsonl")


def epoch_text(epoch: float) -> str:
    """A number of epochs as people write it: 3, or 2.67 within the third."""
    return f"{epoch:.2f}".rstrip("0").rstrip(".")
