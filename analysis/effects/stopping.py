"""What early stopping of each task did, and what it saved."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from analysis.effects.effort import Saving, saving
from models.config.loss import LossConfig
from search.records import Sweep, Trial


@dataclass(frozen=True)
class StoppedTask:
    """A task over all trials that could have stopped it."""

    task: str
    num_watched: int
    """Trials with a monitor for the task that have measured anything."""
    epochs: tuple[float, ...]
    """At which it stopped, for each trial that stopped it, in rising order."""
    num_trained_on: int
    """Of these trials, those that went on with another task."""
    epochs_without: float
    """That they trained on without it."""

    @property
    def median(self) -> float:
        return statistics.median(self.epochs)


@dataclass(frozen=True)
class Stopping:
    """Early stopping in a sweep."""

    tasks: tuple[StoppedTask, ...]
    saved: Saving
    """By the trials that ended because all of their tasks had stopped."""


def stopping(sweep: Sweep) -> Stopping | None:
    """What early stopping did; None: no trial asked for it."""
    measured = [trial for trial in sweep.trials if trial.evaluations]
    watched = {trial.number: _watched(trial.config) for trial in measured}
    names = dict.fromkeys(name for trial in measured for name in watched[trial.number])
    if not names:
        return None
    tasks = [_stopped(name, [trial for trial in measured if name in watched[trial.number]]) for name in names]
    ended = [trial for trial in measured if trial.final and trial.final.finished == "early-stopping"]
    return Stopping(tuple(tasks), saving(ended, sweep))


def stop_epoch(trial: Trial, task: str) -> float | None:
    """The epoch of the first evaluation after which the task had stopped; None: it never did."""
    return next((evaluation.epoch for evaluation in trial.evaluations if task in evaluation.stopped), None)


def _stopped(task: str, trials: Sequence[Trial]) -> StoppedTask:
    stops = [(trial, epoch) for trial in trials if (epoch := stop_epoch(trial, task)) is not None]
    without = [trial.final.epoch - epoch for trial, epoch in stops if trial.final and trial.final.epoch > epoch]
    return StoppedTask(task, len(trials), tuple(sorted(epoch for _, epoch in stops)), len(without), sum(without))


def _watched(config: Mapping[str, Any]) -> list[str]:
    """The tasks that this configuration trains, and would stop."""
    monitors = config.get("early_stopping", {})
    try:
        tasks = LossConfig.model_validate(config.get("loss", {})).tasks
    except ValidationError:  # of another version
        return []
    return [
        task
        for task in tasks
        if isinstance(monitor := monitors.get(task), dict)
        and (monitor.get("patience") is not None or monitor.get("criterion") == "tcdcn")
    ]
