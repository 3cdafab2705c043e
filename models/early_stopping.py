"""Per-task early stopping: one monitor for each task, on that task's own metric."""

from dataclasses import asdict, dataclass

from models.config import ClassificationStopping, ColorizationStopping, EarlyStoppingConfig, Task
from models.evaluation import DIRECTIONS


@dataclass
class Monitor:
    """Watches one metric; stopped once `patience` evaluations in a row have not bettered the best by `min_delta`."""

    config: ColorizationStopping | ClassificationStopping
    best: float | None = None
    waited: int = 0
    stopped: bool = False

    def update(self, metrics: dict[str, float]) -> bool:
        """Take in an evaluation; true if it is the best so far."""
        value = metrics[self.config.metric]
        gain = 0.0 if self.best is None else self.best - value
        if DIRECTIONS[self.config.metric] == "max":
            gain = -gain
        if self.best is None or gain > self.config.min_delta:
            self.best, self.waited = value, 0
            return True
        self.waited += 1
        if self.config.patience is not None and self.waited >= self.config.patience:
            self.stopped = True
        return False


class PerTaskEarlyStopping:
    """The monitors of a trial's tasks, and what their stopping means for the training."""

    def __init__(self, config: EarlyStoppingConfig, tasks: tuple[Task, ...]) -> None:
        self._monitors: dict[Task, Monitor] = {task: Monitor(getattr(config, task)) for task in tasks}

    def update(self, metrics: dict[str, float]) -> set[Task]:
        """Take in an evaluation; the running tasks for which it is the best so far."""
        running = [(task, monitor) for task, monitor in self._monitors.items() if not monitor.stopped]
        return {task for task, monitor in running if monitor.update(metrics)}

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

    def state_dict(self) -> dict[str, dict[str, float | int | bool | None]]:
        return {
            task: {key: value for key, value in asdict(monitor).items() if key != "config"}
            for task, monitor in self._monitors.items()
        }

    def load_state_dict(self, state: dict[str, dict[str, float | int | bool | None]]) -> None:
        for task, monitor in self._monitors.items():
            for key, value in state[task].items():
                setattr(monitor, key, value)
