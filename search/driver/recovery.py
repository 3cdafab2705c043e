"""What a sweep's records need before it goes on: a copy that was made in mid-write, or damage, must not stop it."""

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from search.damage import by_reason
from search.recording import write_record
from search.records import (
    Attempt,
    RecordsError,
    Sweep,
    Trial,
    TrialState,
    read_evaluations,
    read_state,
    read_sweep,
    read_trial,
)

_REPLACEABLE: dict[str, Callable[[Path], object]] = {"state.json": read_state, "evaluations.jsonl": read_evaluations}
"""Both follow from a trial's last checkpoint."""


def recovered(folder: Path, note: Callable[[str], None]) -> Sweep:
    """The sweep in `folder`, of which what can be mended has been; `note` hears in words of what could not be read.

    A trial that is complete without its last evaluation was copied between the two: it is to go on from its checkpoint,
    which yields that evaluation again. Trials that failed wait to be tried again, with all their retries. Of a trial
    whose folder is missing the study may know the values: then it is trained anew.
    """
    sweep = read_sweep(folder)
    left_out = {}
    for name, reason in sweep.unreadable.items():
        damaged = folder / "trials" / name
        if (damaged / "trial.json").exists() and _set_aside(damaged):
            note(f"trial {name}: its records were damaged, and follow from its last checkpoint anew ({reason})")
        else:
            left_out[name] = reason
    for line in by_reason(left_out):
        note(f"the sweep goes on without what cannot be read of trial {line}")
    for line in by_reason(sweep.notices):
        note(f"trial {line}")
    for trial in sweep.trials:
        if _is_broken_off(trial) or (trial.state.state == "failed" and trial.config):
            _let_go_on(trial.folder, trial.state, trial.all_attempts)
    return read_sweep(folder)


def _is_broken_off(trial: Trial) -> bool:
    return trial.state.state == "complete" and trial.result is None


def _set_aside(trial: Path) -> bool:
    """Whether the trial can be read without what is damaged and can be made anew, which is kept under another name."""
    try:
        damaged = [name for name, read in _REPLACEABLE.items() if not _can_be_read(read, trial)]
        for name in damaged:
            (trial / name).replace(trial / f"{name}.damaged")
        if damaged or not (trial / "state.json").exists():
            _let_go_on(trial, read_state(trial))
        return _can_be_read(read_trial, trial)
    except OSError:  # of the storage, which may answer again
        return False


def _let_go_on(trial: Path, state: TrialState, attempts: tuple[Attempt, ...] = ()) -> None:
    """attempts: those that there were, with their causes. None: what the state knows of them."""
    update: dict[str, object] = {"state": "waiting", "reason": "", "cause": "", "failures": {}, "num_evaluations": None}
    if attempts:
        update["earlier"] = attempts
    write_record(trial, state.model_copy(update=update))


def _can_be_read(read: Callable[[Path], object], trial: Path) -> bool:
    try:
        read(trial)
    except (ValidationError, RecordsError):
        return False
    return True
