"""What TensorBoard shows of a trial."""

from pathlib import Path
from types import TracebackType
from typing import Self

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from models.evaluation import Evaluation
from search.samples import as_grid


class TrialTensorboard:
    """Metrics, losses and loss weights over the epochs, the tasks that have stopped, and a grid of photos."""

    def __init__(self, folder: Path, go_on_at: int) -> None:
        """go_on_at: the epoch from which on what an earlier attempt wrote is replaced."""
        self._writer = SummaryWriter(str(folder), purge_step=go_on_at)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add(self, evaluation: Evaluation, samples: Tensor) -> None:
        """samples: (rows, 3, 3, H, W) in 0 to 1, gray | colorized | true."""
        groups = {"metrics": evaluation.metrics, "losses": evaluation.losses, "weights": evaluation.weights}
        groups["stopped"] = dict.fromkeys(evaluation.stopped, 1.0)
        for group, values in groups.items():
            for name, value in values.items():
                self._writer.add_scalar(f"{group}/{name}", value, evaluation.epoch)
        self._writer.add_image("gray | colorized | true", as_grid(samples), evaluation.epoch)
        self._writer.flush()
