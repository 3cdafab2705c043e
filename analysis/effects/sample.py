"""Trials measured at the same stage of their training, with their points of the space: what effects are read from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.effects.scaled_space import Array, ScaledSpace, scaled_space
from analysis.ranking.comparable import set_apart
from analysis.ranking.rank import Ranking, why_unranked
from models.evaluation import Evaluation
from search.records import State, Sweep, Trial, epoch_text
from search.twins import same_training

NEARLY_ALL = 0.9
"""Share of the trials that an early stage may lose in return for being later."""
_NOT_TRIED: tuple[State, ...] = ("waiting", "failed")
MeasuredTrials = Sequence[tuple[Trial, Evaluation]]
"""Each with its evaluation at one stage."""


@dataclass(frozen=True)
class Sample:
    """Trials of one space, measured at one stage. Arrays are in the order of the trials."""

    epoch: float | None
    """None: at the end of their training."""
    trials: tuple[Trial, ...]
    points: Array
    """(n, d) positions in the space."""
    values: dict[str, Array]
    """(n,) by objective."""

    def __len__(self) -> int:
        return len(self.trials)

    @property
    def when(self) -> str:
        """The stage in words."""
        return "at the end" if self.epoch is None else f"after epoch {epoch_text(self.epoch)}"


@dataclass(frozen=True)
class Samples:
    """What a sweep gives to learn from."""

    space: ScaledSpace
    usable: tuple[Trial, ...]
    """Those at points of the space that have trained, unless they failed."""
    num_left_out: int
    """Have trained as well, but with values that the space does not have now, with several one after the other, with a
    FID that does not compare, or as another one had done already."""
    end: Sample
    """Complete trials."""
    early: Sample | None
    """Nearly all trials, after as many epochs as nearly all have; None: these are no more than the complete ones."""

    @property
    def stages(self) -> tuple[Sample, ...]:
        """In the order of training."""
        return (self.early, self.end) if self.early else (self.end,)

    @property
    def widest(self) -> Sample:
        """The end, unless pruning has left fewer than half of the trials for it."""
        return self.early if self.early and 2 * len(self.end) < len(self.early) else self.end


def samples(sweep: Sweep, ranking: Ranking) -> Samples:
    """The trials of a sweep at the end of their training and early in it, repeats aside."""
    space = scaled_space(sweep.record)
    tried = [t for t in sweep.trials if t.start.repeat_of is None and t.state.state not in _NOT_TRIED]
    # A population's trial took over networks that other values had trained.
    of_the_space = [trial for trial in tried if not trial.exploits and space.space.fits(trial.start.params)]
    measured = [trial for trial in of_the_space if trial.evaluations]
    apart = set_apart(measured, sweep.record, list(ranking.objectives))
    alike = [trial for trial in of_the_space if trial.number not in apart]
    again = same_training(alike)
    usable = [trial for trial in alike if trial.number not in again]
    end = [(t, t.final) for t in usable if t.final and not why_unranked(t, ranking.objectives)]
    epoch, early = _early(usable, ranking.objectives)
    return Samples(
        space,
        tuple(usable),
        len(tried) - len(usable),
        _sample(None, end, space, ranking.objectives),
        _sample(epoch, early, space, ranking.objectives) if len(early) > len(end) else None,
    )


def _early(trials: Sequence[Trial], objectives: Mapping[str, str]) -> tuple[float, MeasuredTrials]:
    """The latest epoch that nearly all trials have measured every objective at, and these trials."""
    by_epoch: dict[float, list[tuple[Trial, Evaluation]]] = {}
    for trial in trials:
        for evaluation in trial.evaluations:
            if all(map(math.isfinite, [evaluation.metrics.get(name, math.nan) for name in objectives])):
                by_epoch.setdefault(round(evaluation.epoch, 6), []).append((trial, evaluation))
    most = max(map(len, by_epoch.values()), default=0)
    epoch = max((epoch for epoch, found in by_epoch.items() if len(found) >= NEARLY_ALL * most), default=0.0)
    return epoch, by_epoch.get(epoch, [])


def _sample(epoch: float | None, measured: MeasuredTrials, space: ScaledSpace, objectives: Mapping[str, str]) -> Sample:
    return Sample(
        epoch,
        tuple(trial for trial, _ in measured),
        space.positions(trial.start.params for trial, _ in measured),
        {name: np.array([evaluation.metrics[name] for _, evaluation in measured]) for name in objectives},
    )
