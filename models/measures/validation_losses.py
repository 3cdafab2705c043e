"""The losses of the training, on photos that it does not train on."""

from collections.abc import Sequence

from models.config.loss import TaskLoss
from models.evaluation import Measurement
from models.measures.measure import Means, Seen
from models.objectives.task_losses import TaskLosses


class ValidationLosses:
    """Means over the photos; of the classification by labels, over the labelled ones."""

    def __init__(self, losses: TaskLosses, names: Sequence[TaskLoss], by_labels: bool) -> None:
        self._losses, self._names, self._by_labels = losses, names, by_labels
        self._means = Means()

    def add(self, seen: Seen) -> None:
        label = seen.batch.label
        for name, loss in self._losses(seen.prediction, seen.batch, self._names).items():
            counted = label >= 0 if name == "classification" and self._by_labels else label == label
            self._means.add(name, loss, counted.sum())

    def result(self) -> Measurement:
        return Measurement({}, losses=self._means.result())
