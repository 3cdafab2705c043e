"""What a sweep has promised once it is on the disk, and whether it was kept; see chaos.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.evaluation import Evaluation
from search.pareto import minimised, pareto_ranks
from search.records import TRIED_AGAIN, Sweep, Trial, read_sweep


def outcome(sweep: Sweep) -> list[Any]:
    """All that must not depend on when and how often a sweep was broken off."""

    def timeless(evaluation: Evaluation) -> Evaluation:
        return evaluation.model_copy(update={"seconds": 0.0})

    return [
        (trial.number, trial.params, trial.state.state, trial.state.reason, [*map(timeless, trial.evaluations)])
        for trial in sweep.trials
    ]


def front(sweep: Sweep) -> list[int]:
    """Numbers of the complete trials that none surpasses."""
    complete = [trial for trial in sweep.trials if trial.state.state == "complete" and trial.final]
    points = minimised([trial.final.metrics for trial in complete if trial.final], dict(sweep.record.objectives))
    return [trial.number for trial, rank in zip(complete, pareto_ranks(points), strict=True) if rank == 0]


class Witness:
    """Remembers all that it has seen of a sweep on the disk, and holds the sweep to it."""

    def __init__(self, folder: Path, known: dict[int, Trial]) -> None:
        self._folder, self.known = folder, known
        self.num_evaluations = self.num_ended = 0
        """That were on the disk at a kill, over all kills, and have been found unchanged since."""

    def look(self) -> int:
        """Compare with what was there before; the number of evaluations that are there now."""
        if not (self._folder / "sweep.json").exists():
            assert not self.known, "the sweep is gone"
            return 0
        sweep = read_sweep(self._folder)
        now = {trial.number: trial for trial in sweep.trials}
        for number, before in self.known.items():
            assert number in now, f"trial {number} is gone: {sweep.unreadable}"
            require_kept(before, now[number])
        self.known = now
        return sum(len(trial.evaluations) for trial in sweep.trials)

    def note_kill(self) -> None:
        self.num_evaluations += self.look()
        self.num_ended += sum(has_ended(trial) for trial in self.known.values())


def has_ended(trial: Trial) -> bool:
    return trial.state.state not in TRIED_AGAIN


def require_kept(before: Trial, now: Trial) -> None:
    assert now.start == before.start, f"trial {now.number} is another one"
    kept = now.evaluations[: len(before.evaluations)]
    assert kept == before.evaluations, f"trial {now.number} has lost evaluations or has others"
    same = (now.state, now.evaluations) == (before.state, before.evaluations)
    assert same or not has_ended(before), f"trial {now.number} had ended, and has changed"


def require_same(broken: Sweep, undisturbed: Sweep) -> None:
    assert not broken.unreadable, broken.unreadable
    assert all(map(has_ended, broken.trials)), "trials are not settled"
    for trial in broken.trials:
        epochs = [evaluation.epoch for evaluation in trial.evaluations]
        assert epochs == [*range(1, len(epochs) + 1)], f"trial {trial.number} has epochs {epochs}"
    assert outcome(broken) == outcome(undisturbed), "another table than without the kills"
    assert front(broken) == front(undisturbed), "another front than without the kills"
