"""Asynchronous successive halving (Li et al. 2020) on several objectives at once (Schmucker et al. 2021, MO-ASHA)."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from search.pareto import best_first, minimised, pareto_ranks
from search.pruning.pruner import Decision, Prune, Release
from search.records import Trial, epoch_text

Metrics = Mapping[str, float]


class ParetoAsha:
    """At a rung a trial is compared with all trials that have been there before it.

    Their order is non-dominated sorting, and inside a front the `spread`: the least crowded first (Deb et al. 2002), or
    an ε-net, so that the ends of the front survive as well as its middle. The trial goes on if fewer than
    ⌈n/reduction⌉ of the n trials at the rung, itself included, come before it, or if all its values are finite and none
    there is better in one of the objectives. So the first at a rung always goes on, of the next ones (up to as many as
    the reduction) those that are the best so far, and nobody waits for others. Comparing on one objective alone would
    prune the trials that are best in the other.
    """

    def __init__(
        self, objectives: Mapping[str, str], rungs: Iterable[int], reduction: int, spread: str = "crowding"
    ) -> None:
        self._objectives, self._reduction, self._spread = dict(objectives), reduction, spread
        self._rungs: dict[float, dict[int, Metrics]] = {epoch: {} for epoch in rungs}
        self._answers: dict[tuple[int, float], Decision] = {}

    def remember(self, trials: Iterable[Trial]) -> None:
        """Fill the rungs. Who was seen beyond one has passed it; who was not is asked about it again."""
        for trial in trials:
            for evaluation in trial.evaluations:
                rung = self._rung(evaluation.epoch, evaluation.metrics)
                if rung is None:
                    continue
                rung[trial.number] = evaluation.metrics
                if evaluation is not trial.final:
                    self._answers[trial.number, evaluation.epoch] = None
                elif trial.state.state == "pruned":
                    self._answers[trial.number, evaluation.epoch] = Prune(trial.state.reason)

    def decide(self, number: int, epoch: float, metrics: Metrics) -> Decision:
        """It goes on where there is no rung, as within an epoch, and where not every objective was measured."""
        rung = self._rung(epoch, metrics)
        if rung is None:
            return None
        if (number, epoch) not in self._answers:
            rung[number] = metrics
            self._answers[number, epoch] = self._compared(rung, number, epoch)
        return self._answers[number, epoch]

    def _rung(self, epoch: float, metrics: Metrics) -> dict[int, Metrics] | None:
        return self._rungs.get(epoch) if metrics.keys() >= self._objectives.keys() else None

    def _compared(self, rung: Mapping[int, Metrics], number: int, epoch: float) -> Decision:
        numbers = sorted(rung)
        points = minimised([rung[other] for other in numbers], self._objectives)  # (n, m)
        index = numbers.index(number)
        place = best_first(points, self._spread).index(index) + 1
        num_places = math.ceil(len(rung) / self._reduction)
        # Of those that share the best value, as an accuracy by chance is shared, the ones that nobody beats.
        is_finite, is_first = np.isfinite(points[index]).all(), pareto_ranks(points)[index] == 0
        best_in_one = is_finite and is_first and (points[index] <= points.min(axis=0)).any()
        if place <= num_places or best_in_one:
            return None
        return Prune(f"place {place} of {len(rung)} after epoch {epoch_text(epoch)}, {num_places} went on")

    def ended(self, number: int) -> None:
        """It stays in the rungs, for the others to be compared with."""

    def released(self, more_to_come: bool) -> list[Release]:
        """Nobody is ever parked."""
        return []
