"""How much of a sweep's budget is spent."""

from collections.abc import Callable

from search.spec.sections import BudgetSection


class BudgetMeter:
    """Adds up GPU seconds by trial, and watches the clock from its making on."""

    def __init__(self, budget: BudgetSection, gpu_seconds: dict[int, float], clock: Callable[[], float]) -> None:
        """gpu_seconds: what each trial has used before, by number; clock: seconds that only grow."""
        self._budget, self._gpu_seconds, self._clock = budget, dict(gpu_seconds), clock
        self._began = clock()

    def used(self, number: int, gpu_seconds: float) -> None:
        """Note what a trial has used in all so far."""
        self._gpu_seconds[number] = gpu_seconds

    @property
    def spent(self) -> bool:
        hours, gpu_hours = self._budget.hours, self._budget.gpu_hours
        out_of_time = hours is not None and self._clock() - self._began >= hours * 3600
        out_of_gpus = gpu_hours is not None and sum(self._gpu_seconds.values()) >= gpu_hours * 3600
        return out_of_time or out_of_gpus
