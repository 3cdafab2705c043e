"""How much of a sweep's budget is spent."""

from collections.abc import Callable, Iterable, Mapping

from search.pareto import minimised, stagnated
from search.records import UNFINISHED, Trial
from search.spec.sections import BudgetSection


class BudgetMeter:
    """Adds up what trials use and reach, and watches the clock from its making on."""

    def __init__(
        self,
        objectives: Mapping[str, str],
        trials: Iterable[Trial],
        num_gpus: float,
        seconds_before: float,
        clock: Callable[[], float],
    ) -> None:
        """trials: all that are known; num_gpus: what one holds; seconds_before: of earlier runs of the sweep; clock:
        seconds that only grow."""
        self._objectives, self._num_gpus = dict(objectives), num_gpus
        self._seconds_before, self._clock, self._began = seconds_before, clock, clock()
        self._gpu_seconds: dict[int, float] = {}
        self._unchecked: list[dict[str, float]] = []
        self._reached = False
        self._ends: dict[int, dict[str, float]] = {}  # by number, the latest end last
        self._num_heard = 0  # ends, one that was tried again each time
        self._stagnant: tuple[int, bool] = (0, False)  # how many had been heard of, and what they said
        known = list(trials)
        for trial in known:
            for evaluation in trial.evaluations:
                self.evaluated(trial.number, evaluation.seconds, evaluation.metrics)
        ended = [trial for trial in known if trial.state.ended and trial.state.state not in UNFINISHED]
        for trial in sorted(ended, key=lambda trial: (trial.state.ended, trial.number)):
            self.settled(trial)

    def evaluated(self, number: int, seconds: float, metrics: Mapping[str, float]) -> None:
        """Hear of an evaluation of a trial that has run for so many seconds in all."""
        self._gpu_seconds[number] = seconds * self._num_gpus
        values = {name: metrics[name] for name in self._objectives if name in metrics}
        if len(values) == len(self._objectives):
            self._unchecked.append(values)

    def settled(self, trial: Trial) -> None:
        """Hear of the end of a trial; those that are not complete reach nothing, and repeats are no search."""
        if trial.start.origin == "repeat":
            return
        self._num_heard += 1
        self._ends.pop(trial.number, None)  # of one that was tried again
        self._ends[trial.number] = dict(trial.result.metrics) if trial.result else {}

    @property
    def hours(self) -> float:
        """Of wall-clock time, over all runs of the sweep."""
        return (self._seconds_before + self._clock() - self._began) / 3600

    @property
    def gpu_hours(self) -> float:
        return sum(self._gpu_seconds.values()) / 3600

    def spent(self, budget: BudgetSection) -> str:
        """In words what is spent, or nothing."""
        if budget.hours is not None and self.hours >= budget.hours:
            return f"the budget of {budget.hours:g} hours is spent"
        if budget.gpu_hours is not None and self.gpu_hours >= budget.gpu_hours:
            return f"the budget of {budget.gpu_hours:g} GPU-hours is spent"
        return ""

    def reached(self, budget: BudgetSection) -> str:
        """In words why there is no need to search on, or nothing."""
        if budget.target and self._has_reached(budget.target):
            return f"the target is reached ({', '.join(f'{name} {value:g}' for name, value in budget.target.items())})"
        if budget.stagnation and self._is_stagnant(budget.stagnation):
            return f"the hypervolume has not grown in {budget.stagnation} trials"
        return ""

    def _has_reached(self, target: Mapping[str, float]) -> bool:
        self._reached = self._reached or any(self._reaches(values, target) for values in self._unchecked)
        self._unchecked.clear()
        return self._reached

    def _reaches(self, values: Mapping[str, float], target: Mapping[str, float]) -> bool:
        return all(
            values[name] <= value if self._objectives[name] == "min" else values[name] >= value
            for name, value in target.items()
        )

    def _is_stagnant(self, window: int) -> bool:
        if self._stagnant[0] != self._num_heard:
            self._stagnant = self._num_heard, stagnated(minimised(list(self._ends.values()), self._objectives), window)
        return self._stagnant[1]
