"""How well the classification head knows the photos."""

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from models.evaluation import Measurement
from models.measures.measure import Means, Seen


class LabelRecognition:
    """`accuracy` and `macro_f1` over the labelled photos; neither if there are none."""

    def __init__(self, num_classes: int, device: torch.device) -> None:
        self._accuracy = MulticlassAccuracy(num_classes, average="micro", ignore_index=-1).to(device)
        self._macro_f1 = MulticlassF1Score(num_classes, average="macro", ignore_index=-1).to(device)
        self._valid = Means()

    def add(self, seen: Seen) -> None:
        logits, label = seen.prediction.logits, seen.batch.label
        assert logits is not None
        predicted = logits.argmax(dim=1)
        self._accuracy.update(predicted, label)
        self._macro_f1.update(predicted, label)
        self._valid.add("valid", _marked(torch.ones_like(label), logits), label >= 0)

    def result(self) -> Measurement:
        marks = self._valid.result()  # 1, or NaN
        if not marks:
            return Measurement({})
        accuracy, macro_f1 = self._accuracy.compute().item(), self._macro_f1.compute().item()
        return Measurement({"accuracy": marks["valid"] * accuracy, "macro_f1": marks["valid"] * macro_f1})


class TeacherAgreement:
    """`teacher_agreement`: share of the photos of which the head's first class is the teacher's."""

    def __init__(self, teacher: Callable[[Tensor], Tensor]) -> None:
        """teacher: true photos (B,3,H,W) in 0..1 to logits (B,K) of the head's classes."""
        self._teacher = teacher
        self._means = Means()

    def add(self, seen: Seen) -> None:
        logits = seen.prediction.logits
        assert logits is not None
        agree = logits.argmax(dim=1) == self._teacher(seen.true_rgb / 255).argmax(dim=1)  # (B,)
        self._means.add("teacher_agreement", _marked(agree, logits))

    def result(self) -> Measurement:
        return Measurement(self._means.result())


def _marked(values: Tensor, logits: Tensor) -> Tensor:
    """Values (B,), NaN for the photos whose logits (B,K) are not all finite: their first class means nothing."""
    return values.double().masked_fill(~logits.isfinite().all(dim=1), torch.nan)
