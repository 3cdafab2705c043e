"""The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.2)."""

import statistics
from collections.abc import Iterable, Mapping

from search.pareto import minimised
from search.pruning.pruner import Decision, Prune, Release
from search.records import Trial, epoch_text

MIN_OTHERS = 3
"""With fewer there is nothing to take a median of."""


class MedianStopping:
    """A trial is stopped where its best value so far is worse than the median of the others' running averages.

    The running average of another trial is that of its values up to the same epoch; those count that have come as far,
    ended or not (the paper: ended ones alone, of which a small sweep has few when it matters). Compared is at every
    evaluation with the metric from `grace` epochs on and before `last_epoch`; evaluations without it, as it is costly,
    change nothing. A value that is not finite is the worst, and a trial without any finite one does not go on.
    """

    def __init__(self, metric: str, direction: str, grace: int, last_epoch: int) -> None:
        self._objective, self._grace, self._last_epoch = {metric: direction}, grace, last_epoch
        self._curves: dict[int, dict[float, float]] = {}  # by number: minimised values by epoch
        self._answers: dict[tuple[int, float], Decision] = {}

    def remember(self, trials: Iterable[Trial]) -> None:
        """Take in the curves. Who was seen beyond an epoch has passed it; who was not is asked about it again."""
        for trial in trials:
            for evaluation in trial.evaluations:
                if not self._take_in(trial.number, evaluation.epoch, evaluation.metrics):
                    continue
                if evaluation is not trial.final:
                    self._answers[trial.number, evaluation.epoch] = None
                elif trial.state.state == "pruned":
                    self._answers[trial.number, evaluation.epoch] = Prune(trial.state.reason)

    def decide(self, number: int, epoch: float, metrics: Mapping[str, float]) -> Decision:
        if not self._take_in(number, epoch, metrics) or not self._grace <= epoch < self._last_epoch:
            return None
        if (number, epoch) not in self._answers:
            self._answers[number, epoch] = self._compared(number, epoch)
        return self._answers[number, epoch]

    def _take_in(self, number: int, epoch: float, metrics: Mapping[str, float]) -> bool:
        """Whether the metric was measured."""
        if not metrics.keys() >= self._objective.keys():
            return False
        self._curves.setdefault(number, {})[epoch] = float(minimised([metrics], self._objective)[0, 0])
        return True

    def _compared(self, number: int, epoch: float) -> Decision:
        averages = [
            statistics.fmean(value for at, value in curve.items() if at <= epoch)
            for other, curve in self._curves.items()
            if other != number and max(curve) >= epoch
        ]
        if len(averages) < MIN_OTHERS:
            return None
        best = min(value for at, value in self._curves[number].items() if at <= epoch)
        if best != float("inf") and best <= statistics.median(averages):
            return None
        (metric,) = self._objective
        return Prune(f"{metric} worse than the median of {len(averages)} others after epoch {epoch_text(epoch)}")

    def ended(self, number: int) -> None:
        """Its curve stays, for the others to be compared with."""

    def released(self, more_to_come: bool) -> list[Release]:
        """Nobody is ever parked."""
        return []
