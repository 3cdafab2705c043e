"""What a weighting is, and the sums that several share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from models.config.loss import TASK_OF, LossConfig, TaskLoss
from models.config.section import Task


class Weighting(nn.Module, ABC):
    """How the losses of the tasks become gradients.

    parameters() are the learned weights, for the optimiser; state_dict() is all that must survive a restart.
    """

    @abstractmethod
    def backward(
        self,
        losses: Mapping[TaskLoss, Tensor],
        adversarial: Tensor | None,
        features: Sequence[Tensor],
        share: float,
    ) -> None:
        """Accumulate the gradients of the weighted losses and of `adversarial`, times `share`.

        A loss that is off is left out of `losses`. `adversarial` is weighted already; it belongs to colorization, but
        its weight is never learned. `features` are what the encoder gave. `share` is the part of the batch that the
        losses are of; the shares of a batch add up to 1.
        """

    @abstractmethod
    def after_step(self) -> None:
        """To be called after each step of the optimiser."""

    @abstractmethod
    def end_epoch(self, means: Mapping[str, float]) -> None:
        """To be called after each epoch with the mean of each loss in it; names that are none of ours do not matter."""

    @abstractmethod
    def weights(self) -> dict[str, float]:
        """The weight of each loss, by name, in force now. Waits for the device where they are learned."""


def base_weights(config: LossConfig) -> dict[TaskLoss, float]:
    """The weights that the configuration gives, of all losses in force."""
    return {name: config.weight(name) for name in config.task_losses}


def task_totals(weights: Mapping[TaskLoss, float], losses: Mapping[TaskLoss, Tensor]) -> dict[Task, Tensor]:
    """The weighted sum of the losses of each task that has any."""
    totals: dict[Task, Tensor] = {}
    for name, loss in losses.items():
        weighted, task = weights[name] * loss, TASK_OF[name]
        totals[task] = totals[task] + weighted if task in totals else weighted
    return totals


def descend(terms: Sequence[Tensor], adversarial: Tensor | None, share: float) -> None:
    """Accumulate the gradients of the sum of all terms, times `share`."""
    total = sum(terms if adversarial is None else [*terms, adversarial])
    if isinstance(total, Tensor) and total.requires_grad:  # not where all that it comes from is frozen
        (total * share).backward()
