"""What a sweep's records need before it goes on: a copy that was made in mid-write, or damage, must not stop it."""

from collections.abc import Callable
from pathlib import Path

from search.recording import write_record
from search.records import Sweep, Trial, TrialState, read_sweep

_REPLACEABLE = ("state.json", "evaluations.jsonl")
"""Both follow from a trial's last checkpoint."""


def recovered(folder: Path, note: Callable[[str], None]) -> Sweep:
    """The sweep in `folder`, of which what can be mended has been; `note` hears in words of what could not be read.

    A trial that is complete without its last evaluation was copied between the two: it is to go on from its checkpoint,
    which yields that evaluation again. Trials that failed wait to be tried again, with all their retries.
    """
    sweep = read_sweep(folder)
    for name, reason in sweep.unreadable.items():
        damaged = folder / "trials" / name
        if (damaged / "trial.json").exists() and _set_aside(damaged):
            note(f"trial {name}: its records were damaged, and follow from its last checkpoint anew ({reason})")
        else:
            note(f"trial {name} cannot be read, and is left out: {reason}")
    for trial in sweep.trials:
        if _is_cut_short(trial) or (trial.state.state == "failed" and trial.config):
            state = trial.state.model_copy(update={"state": "waiting", "reason": "", "cause": "", "failures": {}})
            write_record(trial.folder, state)
    return read_sweep(folder)


def _is_cut_short(trial: Trial) -> bool:
    return trial.state.state == "complete" and (trial.final is None or trial.final.finished is None)


def _set_aside(trial: Path) -> bool:
    """Whether the trial can be read without what can be made anew, which is kept under another name."""
    for name in _REPLACEABLE:
        if (trial / name).exists():
            (trial / name).replace(trial / f"{name}.damaged")
    write_record(trial, TrialState(state="waiting"))
    return any(known.folder == trial for known in read_sweep(trial.parent.parent).trials)
