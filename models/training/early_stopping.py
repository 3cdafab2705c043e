"""Per-task early stopping: one monitor for each task, on that task's own metric or errors."""

import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.config.early_stopping import TaskStopping
from models.config.loss import TASK_OF
from models.config.section import Task
from models.config.trial import TrialConfig
from models.evaluation import DIRECTIONS


@dataclass
class Monitor:
    """Watches one task."""

    config: TaskStopping
    metric: str
    best: float | None = None
    beaten: float | None = None
    """The last value that was better by min_delta than the one before: what `waited` counts from."""
    waited: int = 0
    stopped: bool = False
    training_errors: list[float] = field(default_factory=list)
    """Of each evaluation so far that had some."""

    def update(self, metrics: Mapping[str, float], errors: tuple[float, float] | None) -> bool:
        """Take in an evaluation; true if its metric is the best so far.

        errors: of training and of validation, None where a loss was measured on one side alone. An evaluation without
        the metric, which can be too costly for every time, changes nothing else.
        """
        improved = self.metric in metrics and self._improve(metrics[self.metric])
        if self.config.criterion == "tcdcn" and errors is not None:
            training_error, validation_error = errors
            self.training_errors.append(training_error)
            value = tcdcn_criterion(self.training_errors, validation_error, self.config.window, self.config.importance)
            self.stopped = value > self.config.threshold
        elif self.config.criterion == "patience" and self.config.patience is not None:
            self.stopped = self.waited >= self.config.patience
        return improved

    def _improve(self, value: float) -> bool:
        if self._better(value, self.beaten, by=self.config.min_delta):
            self.beaten, self.waited = value, 0
        else:
            self.waited += 1
        improved = self._better(value, self.best, by=0.0)
        if improved:
            self.best = value
        return improved

    def _better(self, value: float, than: float | None, by: float) -> bool:
        if than is None:
            return True
        return (value - than if DIRECTIONS[self.metric] == "max" else than - value) > by


def tcdcn_criterion(training_errors: list[float], validation_error: float, window: int, importance: float) -> float:
    """Trend of the training error times generalisation error, by which a task is stopped above a threshold ε.

        k·med E_tr              E_val(t) − min E_tr
    ――――――――――――――――――――  ·  ―――――――――――――――――――
    Σ E_tr − k·med E_tr            λ·min E_tr

    Median and sum over the evaluations t−k to t, both minima over all. While the training error falls fast its sum is
    far above k medians and the first factor is small. Before k+1 evaluations there is no trend: −∞.

    Source: Zhang et al. 2014, "Facial Landmark Detection by Deep Multi-task Learning", task-wise early stopping.
    """
    recent = training_errors[-window - 1 :]
    lowest = min(training_errors)
    if len(recent) <= window or lowest <= 0:
        return float("-inf")
    medians = window * statistics.median(recent)
    excess = sum(recent) - medians
    if excess <= 0:  # a step up or down in the window: no trend to speak of
        return float("-inf")
    return medians / excess * (validation_error - lowest) / (importance * lowest)


class PerTaskEarlyStopping:
    """The monitors of a trial's tasks, and what their stopping means for the training."""

    def __init__(self, config: TrialConfig) -> None:
        self._config = config
        self._monitors = {task: Monitor(config.stopping(task), config.stopping(task).metric) for task in config.tasks}

    def update(
        self,
        learning: Collection[Task],
        metrics: Mapping[str, float],
        losses: Mapping[str, float],
        val_losses: Mapping[str, float],
    ) -> set[Task]:
        """Take in an evaluation of the tasks that were learning; those of them for which it is the best so far."""
        running = [(task, self._monitors[task]) for task in learning if not self._monitors[task].stopped]
        return {task for task, monitor in running if monitor.update(metrics, self._errors(task, losses, val_losses))}

    def _errors(
        self, task: Task, losses: Mapping[str, float], val_losses: Mapping[str, float]
    ) -> tuple[float, float] | None:
        """The task's losses in training and in validation, weighted as configured, without the adversarial one."""
        loss = self._config.loss
        own = [name for name in loss.task_losses if TASK_OF[name] == task and name in losses and name in val_losses]
        if not own:
            return None
        training, validation = (sum(loss.weight(name) * side[name] for name in own) for side in (losses, val_losses))
        return training, validation

    @property
    def stopped(self) -> tuple[Task, ...]:
        return tuple(task for task, monitor in self._monitors.items() if monitor.stopped)

    @property
    def all_stopped(self) -> bool:
        return all(monitor.stopped for monitor in self._monitors.values())

    def frozen(self, task: Task) -> bool:
        """The task trains no more."""
        return self._stopped_by(task, "freeze")

    def detached(self, task: Task) -> bool:
        """The task's own layers train on, without shaping the shared encoder."""
        return self._stopped_by(task, "detach")

    def _stopped_by(self, task: Task, action: str) -> bool:
        monitor = self._monitors.get(task)
        return monitor is not None and monitor.stopped and monitor.config.action == action

    def state_dict(self) -> dict[str, dict[str, Any]]:
        return {
            task: {
                "best": monitor.best,
                "beaten": monitor.beaten,
                "waited": monitor.waited,
                "stopped": monitor.stopped,
                "training_errors": list(monitor.training_errors),
            }
            for task, monitor in self._monitors.items()
        }

    def load_state_dict(self, state: dict[str, dict[str, Any]]) -> None:
        for task, monitor in self._monitors.items():
            for key, value in state[task].items():
                setattr(monitor, key, value)
