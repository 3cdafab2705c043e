"""What a sweep leaves on disk: the contract between search, which writes it, and everything that reads it.

    <storage>/<sweep>/
        sweep.json                      SweepRecord: the spec and where it was run
        study.journal                   the searcher's memory (Optuna)
        driver.lock                     held by the process that runs the sweep
        trials/0007/
            trial.json                  TrialStart: the configuration; written when the trial is suggested
            state.json                  TrialState: what became of it
            evaluations.jsonl           one Evaluation a line
            checkpoints/*.pt            last, best per task, best joint
            samples.png                 rows of photos: gray | colorized by this trial | truth
            tensorboard/                scalars and image grids

Each file is replaced in one step: a reader sees it whole, old or new, and never waits for a writer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import HuetuneError
from data.files import write_atomically
from models.evaluation import Evaluation

State = Literal["waiting", "running", "complete", "pruned", "diverged", "failed"]
UNFINISHED: tuple[State, ...] = ("waiting", "running")
TRIED_AGAIN: tuple[State, ...] = (*UNFINISHED, "failed")
"""The trials that a resume goes on with."""


class RecordsError(HuetuneError):
    """A sweep's folder is missing or cannot be read."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """For train, val and unlabelled, if any: file, sha256, count and classes of the .beton."""


class TrialStart(_Record):
    """trial.json: which point of the space this is."""

    number: int
    params: dict[str, Any]
    """The searched values by dotted path."""
    config: dict[str, Any]
    """The whole trial configuration (models.config.TrialConfig)."""
    created: datetime


class TrialState(_Record):
    """state.json: what became of the trial, last writer wins."""

    state: State
    reason: str = ""
    """In words: why it was pruned, diverged or failed."""
    started: datetime | None = None
    """When the latest attempt began."""
    ended: datetime | None = None
    attempts: int = 0
    node: str = ""
    fid_weights: str = ""
    """Content hash of the Inception weights that its FID was measured with (models.weights.weights_hash)."""
    fid_images: int = 0
    """N, on which its FID was measured: the first photos of the validation file."""
    gpu_seconds: float = 0.0
    """Seconds times the share of GPUs held, over all attempts that reported."""


@dataclass(frozen=True)
class Trial:
    """Everything known of one trial."""

    folder: Path
    start: TrialStart
    state: TrialState
    evaluations: tuple[Evaluation, ...]

    @property
    def number(self) -> int:
        return self.start.number

    @property
    def final(self) -> Evaluation | None:
        """The evaluation that counts in every ranking: the last one."""
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


def write_record(folder: Path, record: SweepRecord | TrialStart | TrialState) -> None:
    """Write a record under its one name in `folder`, in one step."""
    write_atomically(folder / _FILES[type(record)], record.model_dump_json(indent=1))


def record_end(folder: Path, state: State, reason: str, num_gpus: float) -> Trial:
    """Write down what became of a trial that held so many GPUs; all that is known of it."""
    before = read_trial(folder)
    update = {"state": state, "reason": reason, "ended": datetime.now(UTC)}
    gpu_seconds = before.final.seconds * num_gpus if before.final else 0.0
    write_record(folder, before.state.model_copy(update=update | {"gpu_seconds": gpu_seconds}))
    return read_trial(folder)


def write_evaluations(folder: Path, evaluations: Iterable[Evaluation]) -> None:
    """Replace a trial's evaluations."""
    lines = "".join(evaluation.model_dump_json() + "\n" for evaluation in evaluations)
    write_atomically(folder / "evaluations.jsonl", lines)


def read_sweep(folder: Path) -> Sweep:
    """Read a sweep, running, finished or broken off.

    Raises:
        RecordsError: there is no sweep in `folder`, or its sweep.json cannot be read.
    """
    record = read_sweep_record(folder)
    trials, unreadable = [], {}
    for path in sorted((folder / "trials").glob("[0-9]*")):
        try:
            trials.append(read_trial(path))
        except (OSError, ValidationError) as error:
            unreadable[path.name] = str(error).splitlines()[0]
    trials.sort(key=lambda trial: trial.number)
    return Sweep(folder, record, tuple(trials), unreadable)


def read_sweep_record(folder: Path) -> SweepRecord:
    path = folder / "sweep.json"
    try:
        return SweepRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        others = ", ".join(sorted(other.parent.name for other in folder.parent.glob("*/sweep.json"))) or "none"
        raise RecordsError(f"no sweep {folder.name!r} in {folder.parent}; sweeps there: {others}") from None
    except (OSError, ValidationError) as error:
        raise RecordsError(f"{path} cannot be read ({str(error).splitlines()[0]}); restore it from a backup") from None


def read_trial(folder: Path) -> Trial:
    start = TrialStart.model_validate_json((folder / "trial.json").read_bytes())
    state = folder / "state.json"
    return Trial(
        folder,
        start,
        TrialState.model_validate_json(state.read_bytes()) if state.exists() else TrialState(state="waiting"),
        read_evaluations(folder),
    )


def read_evaluations(folder: Path) -> tuple[Evaluation, ...]:
    """A trial's evaluations so far, by epoch."""
    path = folder / "evaluations.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return tuple(Evaluation.model_validate_json(line) for line in lines)


def epoch_text(epoch: float) -> str:
    """A number of epochs as people write it: 3, or 2.67 within the third."""
    return f"{epoch:.2f}".rstrip("0").rstrip(".")


_FILES: dict[type[BaseModel], str] = {SweepRecord: "sweep.json", TrialStart: "trial.json", TrialState: "state.json"}
