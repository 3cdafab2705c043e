"""What a single training shows: a line for each evaluation and, on a terminal, a bar."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from models.evaluation import Evaluation
from search.records import epoch_text


class TrainingProgress:
    """Shows a training of `num_epochs`, and of each evaluation the metrics `names`, where it has them."""

    def __init__(self, console: Console, num_epochs: int, names: tuple[str, ...]) -> None:
        self._console, self._num_epochs, self._names = console, num_epochs, names
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task(f"epoch 0 of {num_epochs}", total=num_epochs)
        self._before: Evaluation | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def evaluated(self, evaluation: Evaluation) -> None:
        """Show the next evaluation."""
        self._console.print(self._line(evaluation), highlight=False, markup=False, soft_wrap=True)
        epochs = f"epoch {epoch_text(evaluation.epoch)} of {self._num_epochs}"
        self._progress.update(self._task, completed=evaluation.epoch, description=epochs)
        self._before = evaluation

    def _line(self, evaluation: Evaluation) -> str:
        values = [f"{name} {value:.4g}" for name, value in self._shown(evaluation).items()]
        losses = [f"{name} {value:.4g}" for name, value in evaluation.losses.items()]
        newly = [task for task in evaluation.stopped if self._before is None or task not in self._before.stopped]
        stops = [f"{task} stopped" for task in newly]
        return "  ".join(
            [
                f"epoch {epoch_text(evaluation.epoch)} of {self._num_epochs}",
                evaluation.phase,
                *values,
                f"(losses: {', '.join(losses)})",
                *self._rate(evaluation),
                *stops,
            ]
        )

    def _shown(self, evaluation: Evaluation) -> dict[str, float]:
        """Values by name; where the discriminator trains alone the metrics stay as they are, and its error tells."""
        values = {name: evaluation.metrics[name] for name in self._names if name in evaluation.metrics}
        if set(evaluation.losses) == {"discriminator"} and "discriminator_error" in evaluation.details:
            values["discriminator_error"] = evaluation.details["discriminator_error"]
        return values

    def _rate(self, evaluation: Evaluation) -> list[str]:
        """Steps a second since the evaluation before, its own time included."""
        if self._before is None or evaluation.seconds <= self._before.seconds:
            return []
        steps, seconds = evaluation.step - self._before.step, evaluation.seconds - self._before.seconds
        return [f"{steps / seconds:.3g} steps/s"]
