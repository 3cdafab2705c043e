"""Asynchronous successive halving (Li et al. 2020) on several objectives at once.

At a rung a trial is compared with all trials that have been there before it: non-dominated sorting, and inside a front
the least crowded first (Deb et al. 2002), so that the ends of the front survive as well as its middle. It goes on if
fewer than ⌈n/reduction⌉ of the n trials at the rung, itself included, come before it, or if none there is better in one
of the objectives. So the first always goes on. Comparing on one objective alone prunes the trials that are best in the
other.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler

from search.pareto import best_first, minimised
from search.records import Trial, epoch_text


class ParetoAsha(FIFOScheduler):
    """Ray Tune scheduler. `reasons` says in words why it stopped which trial, by number."""

    def __init__(self, objectives: dict[str, str], rungs: tuple[int, ...], reduction: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._objectives, self._reduction = objectives, reduction
        self._rungs: dict[float, dict[int, dict[str, float]]] = {epoch: {} for epoch in rungs}
        self._passed: set[tuple[float, int]] = set()  # epoch of the rung and number of the trial
        self.reasons: dict[int, str] = {}

    def remember(self, trials: Iterable[Trial]) -> None:
        """Fill the rungs from the records of a sweep that goes on; who was seen beyond a rung has passed it."""
        for trial in trials:
            for evaluation in trial.evaluations:
                rung = self._rungs.get(evaluation.epoch)
                if rung is not None and self._measured(evaluation.metrics):
                    rung[trial.number] = evaluation.metrics
                    if trial.evaluations[-1].epoch > evaluation.epoch:
                        self._passed.add((evaluation.epoch, trial.number))

    def decide(self, number: int, epoch: float, metrics: dict[str, float]) -> bool:
        """Whether trial `number` goes on after `epoch` epochs.

        It does where there is no rung, as within an epoch, and where not every objective was measured. A trial that has
        passed a rung has passed it for good, although it reports again when its worker has died.
        """
        rung = self._rungs.get(epoch)
        if rung is None or not self._measured(metrics) or (epoch, number) in self._passed:
            return True
        rung[number] = metrics
        numbers = sorted(rung)
        points = minimised([rung[other] for other in numbers], self._objectives)
        place = best_first(points).index(numbers.index(number)) + 1
        places = math.ceil(len(rung) / self._reduction)
        mine = points[numbers.index(number)]
        if place > places and not np.any(mine <= points.min(axis=0)):
            self.reasons[number] = f"place {place} of {len(rung)} after epoch {epoch_text(epoch)}, {places} went on"
            return False
        self._passed.add((epoch, number))
        return True

    def _measured(self, metrics: dict[str, float]) -> bool:
        return metrics.keys() >= self._objectives.keys()

    def on_trial_result(self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]) -> str:
        metrics = {name: result[name] for name in self._objectives if name in result}
        goes_on = self.decide(result["number"], result["epoch"], metrics)
        # One that has ended by itself stays in the rung, for the others to be compared with.
        return self.CONTINUE if goes_on or result["outcome"] else self.STOP
