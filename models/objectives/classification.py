"""What a classification head learns: its labels, or what a teacher says."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from data.batch import Batch
from data.colour import to_rgb
from models.classifier import imagenet_classifier
from models.networks.colorizer import Prediction


class LabelCrossEntropy:
    """Mean over the labelled photos, with a share of each label spread evenly over all classes; 0 if there are none."""

    def __init__(self, smoothing: float) -> None:
        self._smoothing = smoothing

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        assert prediction.logits is not None
        total = F.cross_entropy(
            prediction.logits.float(), batch.label, ignore_index=-1, reduction="sum", label_smoothing=self._smoothing
        )
        # torch's own mean over no photos would be NaN.
        return total / (batch.label >= 0).sum().clamp(min=1)


class TeacherDivergence:
    """Mean over all photos, labelled or not, of KL(teacher ‖ head) (Vitoria et al. 2020, ChromaGAN, equation 3).

    The teacher, a torchvision classifier by name, sees the true photo in colour, the head the gray one.
    Raises WeightsError at the first batch, whose device the teacher goes to, if its weights are missing.
    """

    def __init__(self, teacher: str) -> None:
        self._teacher = teacher

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        assert prediction.logits is not None
        with torch.no_grad():
            teacher = imagenet_classifier(self._teacher, batch.ab.device)
            said = teacher(to_rgb(batch.lightness, batch.ab, batch.scale))  # (B,1000)
        assert prediction.logits.shape == said.shape, "the head has the teacher's classes"
        return F.kl_div(
            prediction.logits.float().log_softmax(1), said.log_softmax(1), log_target=True, reduction="batchmean"
        )
