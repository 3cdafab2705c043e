"""What TensorBoard shows of a trial."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from models.evaluation import Evaluation
from search.records import epoch_text
from search.worker.samples import as_grid


class TrialTensorboard:
    """All values of a trial over its steps, when which task stopped, and a grid of photos.

    Steps, since epochs have fractions, and TensorBoard's axis has not.
    """

    def __init__(self, folder: Path, tasks: Iterable[str]) -> None:
        self._folder, self._tasks = folder, tuple(tasks)
        self._writer: SummaryWriter | None = None
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, evaluation: Evaluation, samples: Tensor) -> None:
        """samples: (rows, 3, 3, H, W) in 0 to 1, gray | colorized | true."""
        step = evaluation.step
        if self._writer is None:
            # What an earlier attempt wrote from here on is replaced.
            self._writer = SummaryWriter(str(self._folder), purge_step=step)
        for group, values in self._groups(evaluation).items():
            for name, value in values.items():
                self._writer.add_scalar(f"{group}/{name}", value, step)
        for note in self._notes(evaluation):
            if note not in self._told:
                self._writer.add_text("events", f"after epoch {epoch_text(evaluation.epoch)}: {note}", step)
                self._told.add(note)
        self._writer.add_image("gray | colorized | true", as_grid(samples), step)
        self._writer.flush()

    def _groups(self, evaluation: Evaluation) -> dict[str, dict[str, float]]:
        return {
            "metrics": evaluation.metrics,
            "details": evaluation.details,
            "losses": evaluation.losses,
            "validation losses": evaluation.val_losses,
            "weights": evaluation.weights,
            "learning rates": evaluation.learning_rates,
            "stopped": {task: float(task in evaluation.stopped) for task in self._tasks},
            "progress": {"epoch": evaluation.epoch, "seconds": evaluation.seconds},
        }

    def _notes(self, evaluation: Evaluation) -> list[str]:
        notes = [f"{task} stopped" for task in evaluation.stopped]
        notes += [f"phase {evaluation.phase}"] if evaluation.phase else []
        return notes + ([f"ended by {evaluation.finished}"] if evaluation.finished else [])
