"""Reading a sweep again and again: only the trials whose files have changed since."""

from pathlib import Path

from search.record_files import read_at_once
from search.records import Sweep, Trial, read_sweep_record, read_trial, sweep_of, trial_folders

Signature = tuple[tuple[int, int, int] | None, ...]
_FILES = ("trial.json", "state.json", "evaluations.jsonl", "exploits.jsonl", "tested.json", "failed-test.json")


class SweepReader:
    """Reads one sweep, running, broken off or half-copied, as often as it is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._signatures: dict[Path, Signature] = {}
        self._trials: dict[Path, Trial | str] = {}

    def read(self) -> Sweep:
        """All that is known now.

        Raises:
            RecordsError: there is no sweep in the folder, or its sweep.json cannot be read.
        """
        record = read_sweep_record(self._folder)
        # A signature is older than what is then read, so a change in between is seen the next time.
        signatures = {folder: _signature(folder) for folder in trial_folders(self._folder)}
        changed = [folder for folder, signature in signatures.items() if self._signatures.get(folder) != signature]
        self._trials |= read_at_once(read_trial, changed)
        self._signatures = signatures
        return sweep_of(self._folder, record, {folder: self._trials[folder] for folder in signatures})


def last_sign_s(trial: Trial) -> float:
    """When its last evaluation, or else its state, was written: seconds since 1970 by the clock of the storage."""
    for name in ("evaluations.jsonl", "state.json", "trial.json"):
        if (stat := _stat(trial.folder / name)) is not None:
            return stat[0] / 1e9
    return 0.0


def _signature(folder: Path) -> Signature:
    return tuple(_stat(folder / name) for name in _FILES)


def _stat(path: Path) -> tuple[int, int, int] | None:
    """A file that is replaced within one tick of the clock is another inode at least."""
    try:
        stat = path.stat()
    except OSError:  # not there, or of a trial that reading it will say why not
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_size
