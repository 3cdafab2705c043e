"""Keeps the checkpoints of a sweep within their quota: what neither a resume nor the front needs goes first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from models.training.removed import MARK, mark_removed
from search.pareto import minimised, pareto_ranks
from search.records import TRIED_AGAIN, State, read_evaluations, read_state
from search.spec.constraints import Constraint
from search.spec.sections import DiskSection

INTERVAL_S = 10.0
GB = 10**9
AIM = 0.9
"""Part of the quota that may stay in use, so that not every new checkpoint costs an old one."""
LAST, DONOR = "last.pt", "donor.pt"


def checkpoint_bytes(sweep_folder: Path) -> int:
    """What the checkpoints of all trials take now."""
    return sum(sum(_files(trial).values()) for trial in _trials(sweep_folder))


@dataclass(frozen=True)
class _Settled:
    """A trial that will not go on, and the checkpoints that are left of it."""

    folder: Path
    state: State
    ended_s: float
    """POSIX time."""
    metrics: Mapping[str, float]
    """Of the last evaluation; only of a complete trial."""
    files: dict[str, int]
    """Bytes by name."""


_File = tuple[_Settled, str]


class CheckpointKeeper:
    """Looks at the folders alone; those of settled trials once."""

    def __init__(
        self,
        folder: Path,
        objectives: Mapping[str, str],
        constraints: Sequence[Constraint],
        disk: DiskSection,
        clock: Callable[[], float],
    ) -> None:
        """clock: POSIX time, with which the ends of trials are compared."""
        self._folder, self._objectives, self._constraints = folder, objectives, constraints
        self._disk, self._clock = disk, clock
        self._settled: dict[str, _Settled] = {}
        self._unfinished_bytes = 0
        self._last_s = float("-inf")
        self._warned = False

    def maybe_run(self, spared: Collection[int] = ()) -> str:
        """`sweep`, once in ten seconds; a warning, or nothing."""
        if self._disk.quota_gb is None or self._clock() - self._last_s < INTERVAL_S:
            return ""
        self._last_s = self._clock()
        return self.sweep(spared)

    def sweep(self, spared: Collection[int] = ()) -> str:
        """Above the quota, delete what may go until there is some room; a warning, once, if all the rest is too much.

        spared: numbers of settled trials whose checkpoints are needed all the same.

        Stays: what belongs to trials that can go on, to the Pareto front and to the best by each objective; everything
        for a while after the trial's end. Whatever "joint" means, the best joint trial is on the front.
        """
        if self._disk.quota_gb is None:
            return ""
        self._look()
        quota = self._disk.quota_gb * GB
        if self._used <= quota:
            return ""
        names = {f"{number:04d}" for number in spared}
        worst_first = [(trial, name) for trial, name in self._worst_first() if trial.folder.name not in names]
        self._delete_until(AIM * quota, worst_first)
        free = sum(trial.files.get(name, 0) for trial, name in worst_first)
        must_stay = self._used - free
        if must_stay <= quota or self._warned:
            return ""
        self._warned = True
        return (
            f"checkpoints that have to stay take {must_stay / GB:.3g} GB, more than the quota of "
            f"{self._disk.quota_gb:g} GB (disk.quota_gb): those of trials that can go on and of the best"
        )

    @property
    def _used(self) -> int:
        return self._unfinished_bytes + sum(sum(trial.files.values()) for trial in self._settled.values())

    def _look(self) -> None:
        self._unfinished_bytes = 0
        for folder in _trials(self._folder):
            if folder.name in self._settled:
                continue
            if settled := _settled(folder):
                self._settled[folder.name] = settled
            else:
                self._unfinished_bytes += sum(_files(folder).values())

    def _worst_first(self) -> list[_File]:
        """What may go. Of complete trials the last checkpoint after all others: it is what their colours come from."""
        complete = [trial for trial in self._settled.values() if trial.state == "complete"]
        other = [trial for trial in self._settled.values() if trial.state != "complete"]
        beaten = self._beaten(complete)
        other.sort(key=lambda trial: trial.ended_s)
        files = [(trial, name) for trial in other for name in trial.files]
        files += [(trial, name) for trial in beaten for name in trial.files if name != LAST]
        files += [(trial, LAST) for trial in beaten if LAST in trial.files]
        return [(trial, name) for trial, name in files if name != DONOR]

    def _beaten(self, complete: list[_Settled]) -> list[_Settled]:
        """Without the front and the best by each objective; the farthest from the front first."""
        if not complete:
            return []
        values = [trial.metrics for trial in complete]
        points = minimised(values, self._objectives)  # (n,m)
        valid = np.array([all(one.met(metrics) for one in self._constraints) for metrics in values])  # (n,)
        ranks: NDArray[np.int64] = np.zeros(len(points), dtype=np.int64)
        ranks[valid] = pareto_ranks(points[valid])
        ranks[~valid] = pareto_ranks(points[~valid]) + ranks[valid].max(initial=-1) + 1
        # Of those that share the best value, the ones that nobody beats.
        best = (points == points.min(axis=0)) & np.isfinite(points) & (pareto_ranks(points) == 0)[:, None]  # (n,m)
        stays = (ranks == 0) | best.any(axis=1)
        order = np.argsort(-ranks, kind="stable")
        return [complete[index] for index in order if not stays[index]]

    def _delete_until(self, aim: float, files: list[_File]) -> None:
        now_s, used = self._clock(), self._used
        for trial, name in files:
            if used <= aim:
                return
            if now_s - trial.ended_s < self._disk.grace_s:
                continue
            with suppress(OSError):  # what cannot be deleted now is tried again
                self._delete(trial.folder / "checkpoints" / name)
                used -= trial.files.pop(name)

    def _delete(self, checkpoint: Path) -> None:
        if not (checkpoint.parent / MARK).exists():
            reason = f"it was removed to keep the sweep within its disk quota of {self._disk.quota_gb:g} GB"
            mark_removed(checkpoint.parent, reason)
        checkpoint.unlink(missing_ok=True)


def _settled(folder: Path) -> _Settled | None:
    """A trial that will not go on. None: it may, or nobody can tell."""
    try:
        state = read_state(folder)
        if state.state in TRIED_AGAIN:
            return None
        evaluations = read_evaluations(folder) if state.state == "complete" else ()
    except (OSError, ValidationError):
        return None
    metrics = evaluations[-1].metrics if evaluations else {}
    ended_s = state.ended.timestamp() if state.ended else 0.0
    return _Settled(folder, state.state, ended_s, metrics, _files(folder))


def _trials(sweep_folder: Path) -> list[Path]:
    return sorted((sweep_folder / "trials").glob("[0-9]*"))


def _files(trial: Path) -> dict[str, int]:
    """Bytes of a trial's checkpoints by name, with those that a killed worker left half-written."""
    sizes = {}
    with suppress(OSError):  # not evaluated yet
        for path in (trial / "checkpoints").iterdir():
            with suppress(OSError):  # replaced just now
                sizes[path.name] = path.stat().st_size
    sizes.pop(MARK, None)
    return sizes
