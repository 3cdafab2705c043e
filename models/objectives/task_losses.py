"""The losses of both tasks, by their names in the configuration."""

from collections.abc import Callable, Collection
from functools import partial

import torch
from torch import Tensor, nn

from data.batch import Batch
from models.config.loss import LossConfig, TaskLoss
from models.config.trial import TrialConfig
from models.networks.colorizer import Prediction
from models.objectives.classification import LabelCrossEntropy, TeacherDivergence
from models.objectives.colour_classes import build_bins_cross_entropy
from models.objectives.perceptual import PerceptualLoss
from models.objectives.reconstruction import ReconstructionLoss

Loss = Callable[[Prediction, Batch], Tensor]


class TaskLosses(nn.Module):
    """What the generator is judged by, the discriminator aside; without parameters or state of its own.

    Only losses with a weight above 0 are built. bin_counts (Q,): training pixels in each of gamut_bins().
    Raises WeightsError without the weights that one needs, DataError without the counts.
    """

    def __init__(self, config: TrialConfig, bin_counts: Tensor | None) -> None:
        super().__init__()
        # The networks inside are shared by all trials of a process: no child modules, which would be saved and trained.
        self._losses = {name: TASK_LOSSES[name](config.loss, bin_counts) for name in config.loss.task_losses}

    def forward(self, prediction: Prediction, batch: Batch, names: Collection[TaskLoss]) -> dict[TaskLoss, Tensor]:
        """The named losses, unweighted: float32 scalars, also under autocast."""
        with torch.autocast(batch.lightness.device.type, enabled=False):
            return {name: self._losses[name](prediction, batch) for name in names}


def _reconstruction(name: TaskLoss, _: LossConfig, __: Tensor | None) -> Loss:
    return ReconstructionLoss(name)


def _perceptual(config: LossConfig, _: Tensor | None) -> Loss:
    return PerceptualLoss(config.perceptual_network)


def _bins(config: LossConfig, bin_counts: Tensor | None) -> Loss:
    return build_bins_cross_entropy(config.bins_target, config.rebalancing, bin_counts)


def _classification(config: LossConfig, _: Tensor | None) -> Loss:
    return LabelCrossEntropy(config.label_smoothing) if config.teacher is None else TeacherDivergence(config.teacher)


TASK_LOSSES: dict[TaskLoss, Callable[[LossConfig, Tensor | None], Loss]] = {
    "l1": partial(_reconstruction, "l1"),
    "l2": partial(_reconstruction, "l2"),
    "smooth_l1": partial(_reconstruction, "smooth_l1"),
    "perceptual": _perceptual,
    "bins": _bins,
    "classification": _classification,
}
