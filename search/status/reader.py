"""Reading a sweep again and again: only the trials whose files have changed since."""

from pathlib import Path

from search.records import Sweep, Trial, read_sweep_record, read_trial

Signature = tuple[tuple[int, int, int] | None, ...]
_FILES = ("trial.json", "state.json", "evaluations.jsonl", "exploits.jsonl")


class SweepReader:
    """Reads one sweep, running, broken off or half-copied, as often as it is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trials: dict[str, tuple[Signature, Trial | str]] = {}

    def read(self) -> Sweep:
        """All that is known now.

        Raises:
            RecordsError: there is no sweep in the folder, or its sweep.json cannot be read.
        """
        record = read_sweep_record(self._folder)
        folders = sorted((self._folder / "trials").glob("[0-9]*"))
        for folder in folders:
            signature = _signature(folder)
            if self._trials.get(folder.name, (None,))[0] != signature:
                self._trials[folder.name] = signature, _trial_or_reason(folder)
        known = [(folder.name, self._trials[folder.name][1]) for folder in folders]
        trials = sorted((trial for _, trial in known if isinstance(trial, Trial)), key=lambda trial: trial.number)
        unreadable = {name: reason for name, reason in known if isinstance(reason, str)}
        return Sweep(self._folder, record, tuple(trials), unreadable)


def last_sign_s(trial: Trial) -> float:
    """When its last evaluation, or else its state, was written: seconds since 1970 by the clock of the storage."""
    for name in ("evaluations.jsonl", "state.json", "trial.json"):
        if (stat := _stat(trial.folder / name)) is not None:
            return stat[0] / 1e9
    return 0.0


def _trial_or_reason(folder: Path) -> Trial | str:
    try:
        return read_trial(folder)
    except (OSError, ValueError) as error:
        return str(error).splitlines()[0]


def _signature(folder: Path) -> Signature:
    return tuple(_stat(folder / name) for name in _FILES)


def _stat(path: Path) -> tuple[int, int, int] | None:
    """A file that is replaced within one tick of the clock is another inode at least."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_size
