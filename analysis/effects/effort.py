"""What trials have cost, and what they would have cost at full length."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.ranking.hypervolume import uses_gpus
from search.records import Sweep, Trial


@dataclass(frozen=True)
class Saving:
    """What some trials did not cost because they ended early."""

    num_trials: int
    epochs: float
    epochs_planned: float
    """Of the same trials at full length."""
    seconds: float
    """Estimated: the epochs not trained, each at what the trial's own had cost. Of GPU, or of training where a sweep
    used none."""
    seconds_planned: float


def saving(trials: Iterable[Trial], sweep: Sweep) -> Saving:
    """What these trials of the sweep saved; those whose full length is not known, or that never measured, are left out.

    A trial that was extended, or retried, beyond its plan saved nothing.
    """
    on_gpu, longest = uses_gpus(sweep), _longest(sweep)
    num_trials, epochs, epochs_planned, seconds, seconds_planned = 0, 0.0, 0.0, 0.0, 0.0
    for trial in trials:
        planned = planned_epochs(trial.config) or longest
        if trial.final is None or not trial.final.epoch or not planned:
            continue
        spent = trial.state.gpu_seconds if on_gpu else trial.final.seconds
        left = max(0.0, planned - trial.final.epoch)
        num_trials += 1
        epochs += left
        epochs_planned += max(planned, trial.final.epoch)
        seconds += spent * left / trial.final.epoch
        seconds_planned += spent * (1 + left / trial.final.epoch)
    return Saving(num_trials, epochs, epochs_planned, seconds, seconds_planned)


def planned_epochs(config: Mapping[str, Any]) -> float | None:
    """Of a trial's configuration; None: its length is given in batches."""
    lengths = [phase.get("epochs") for phase in config.get("phases") or [config]]
    return float(sum(lengths)) if all(isinstance(length, int) for length in lengths) else None


def _longest(sweep: Sweep) -> float | None:
    """Epochs of the longest trial that trained to its end, for those that give their length in batches."""
    ends = [trial.final.epoch for trial in sweep.trials if trial.final and trial.final.finished == "epochs"]
    return max(ends, default=None)
