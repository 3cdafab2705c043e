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
            failed-test.json            FailedTest: why it could not be measured on them, if it could not
            samples.png                 rows of photos: gray | colorized by this trial | truth; LPIPS of each as text
            tensorboard/                scalars and image grids

Each file is replaced in one step: a reader sees it whole, old or new, and never waits for a writer. A copy may lack
files, or their ends: what can be read is read, and the rest is named with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.evaluation import Evaluation
from search.record_files import RecordsError, intact_lines, numbered, read_at_once, read_lines, read_one, reason
from search.record_kinds import (
    TRIED_AGAIN,
    UNFINISHED,
    Attempt,
    Cause,
    Change,
    Exploit,
    FailedTest,
    Origin,
    Packing,
    PackingLevel,
    State,
    SweepRecord,
    Tested,
    TrialStart,
    TrialState,
)

__all__ = [
    "TRIED_AGAIN",
    "UNFINISHED",
    "Attempt",
    "Cause",
    "Change",
    "Exploit",
    "FailedTest",
    "Origin",
    "Packing",
    "PackingLevel",
    "RecordsError",
    "State",
    "Sweep",
    "SweepRecord",
    "Tested",
    "Trial",
    "TrialStart",
    "TrialState",
    "epoch_text",
    "read_evaluations",
    "read_state",
    "read_sweep",
    "read_sweep_record",
    "read_trial",
    "sweep_of",
    "trial_folder",
    "trial_folders",
]

_MISSING = "no folder: not copied, or deleted"


@dataclass(frozen=True)
class Trial:
    """Everything known of one trial."""

    folder: Path
    start: TrialStart
    state: TrialState
    evaluations: tuple[Evaluation, ...]
    exploits: tuple[Exploit, ...] = ()
    tested: Tested | None = None
    failed_test: FailedTest | None = None
    damage: tuple[str, ...] = ()
    """In words, what of its records could not be read and is left out."""

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
        latest = Attempt(
            started=state.started, ended=state.ended, node=state.node, cause=state.cause, trained_s=state.trained_s
        )
        return (*state.earlier, latest)

    @property
    def final(self) -> Evaluation | None:
        """The last evaluation."""
        return self.evaluations[-1] if self.evaluations else None

    @property
    def result(self) -> Evaluation | None:
        """The evaluation that ended a complete training. None: it is not complete, or a copy lacks that evaluation."""
        return self.final if self.state.state == "complete" and not self.is_cut_short else None

    @property
    def is_cut_short(self) -> bool:
        """Whether evaluations are missing that the trial had when it ended."""
        state = self.state
        if state.state == "complete" and (self.final is None or self.final.finished is None):
            return True
        return state.state not in UNFINISHED and len(self.evaluations) < (state.num_evaluations or 0)

    @property
    def notices(self) -> tuple[str, ...]:
        """In words, what a reader of the trial should know."""
        notices = list(self.damage)
        if self.is_cut_short:
            there = (
                f"{len(self.evaluations)} of {self.state.num_evaluations}" if self.state.num_evaluations else "not all"
            )
            notices.append(f"evaluations.jsonl: {there} evaluations are there, as in a copy made in mid-write")
        if self.failed_test:
            notices.append(f"its test failed: {self.failed_test.reason}")
        return tuple(notices)


@dataclass(frozen=True)
class Sweep:
    """Everything known of one sweep."""

    folder: Path
    record: SweepRecord
    trials: tuple[Trial, ...]
    unreadable: dict[str, str] = field(default_factory=dict)
    """By name, the folders of trials that are missing or cannot be read, with the reason."""

    @property
    def notices(self) -> dict[str, str]:
        """By name of its folder, what is to be known of a trial that was read."""
        return {trial.folder.name: "; ".join(trial.notices) for trial in self.trials if trial.notices}


def trial_folder(sweep: Path, number: int) -> Path:
    return sweep / "trials" / _folder_name(number)


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
    """A sweep with what was found in the folders of its trials. Numbers are given out one after the other: one that has
    no folder had one."""
    trials = sorted((one for one in found.values() if isinstance(one, Trial)), key=lambda trial: trial.number)
    unreadable = {path.name: why for path, why in found.items() if isinstance(why, str)}
    known, num_trials = {path.name for path in found}, max([record.num_trials, *(one.number + 1 for one in trials)])
    unreadable |= {name: _MISSING for number in range(num_trials) if (name := _folder_name(number)) not in known}
    return Sweep(folder, record, tuple(trials), dict(sorted(unreadable.items())))


def read_trial(folder: Path) -> Trial:
    """What is known of one trial.

    Raises:
        OSError, ValidationError: a file cannot be read, or is damaged.
        RecordsError: it is the folder of another trial, or has no state although it was evaluated.
    """
    start = TrialStart.model_validate_json((folder / "trial.json").read_bytes())
    if _folder_name(start.number) != folder.name:
        raise RecordsError(f"its trial.json is of trial {start.number}")
    state = read_one(TrialState, folder / "state.json")  # before the evaluations, which are then never older than it
    evaluations, torn = intact_lines(Evaluation, folder / "evaluations.jsonl")
    if state is None and (evaluations or torn):
        raise RecordsError("state.json is missing, and it has been evaluated: nobody knows what became of it")
    tested, failed_test, damaged = _read_test(folder)
    return Trial(
        folder,
        start,
        state or TrialState(state="waiting"),
        evaluations,
        read_lines(Exploit, folder / "exploits.jsonl"),  # all of them, or its values would be taken for others
        tested,
        failed_test,
        tuple(filter(None, (torn, damaged))),
    )


def _read_test(folder: Path) -> tuple[Tested | None, FailedTest | None, str]:
    """What a trial reached on the photos of the test, or why it could not be measured; in words, what is damaged. That
    hides nothing else of the trial: the test can be made again."""
    try:
        tested = read_one(Tested, folder / "tested.json")
        return tested, None if tested else read_one(FailedTest, folder / "failed-test.json"), ""
    except ValidationError as error:
        return None, None, reason(error)


def read_state(folder: Path) -> TrialState:
    """What has become of a trial so far."""
    return read_one(TrialState, folder / "state.json") or TrialState(state="waiting")


def read_evaluations(folder: Path) -> tuple[Evaluation, ...]:
    """A trial's evaluations so far, by epoch."""
    return intact_lines(Evaluation, folder / "evaluations.jsonl")[0]


def epoch_text(epoch: float) -> str:
    """A number of epochs as people write it: 3, or 2.67 within the third."""
    return f"{epoch:.2f}".rstrip("0").rstrip(".")


def _folder_name(number: int) -> str:
    return f"{number:04d}"
