"""How the losses of the tasks are weighed against one another: by name in the configuration."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from models.config.loss import LossConfig, TaskLoss
from models.objectives.dwa import DynamicWeightAverage
from models.objectives.gradient_surgery import cagrad, pcgrad
from models.objectives.gradnorm import GradNorm
from models.objectives.learned_weighting import liebel_koerner, uncertainty
from models.objectives.weighting_base import Weighting, base_weights, descend, task_totals


class FixedWeighting(Weighting):
    """Σ wᵢ Lᵢ."""

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self._weights = base_weights(config)

    def backward(
        self,
        losses: Mapping[TaskLoss, Tensor],
        adversarial: Tensor | None,
        features: Sequence[Tensor],
        share: float,
    ) -> None:
        descend(list(task_totals(self._weights, losses).values()), adversarial, share)

    def after_step(self) -> None:
        """Nothing changes."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Nothing changes."""

    def weights(self) -> dict[str, float]:
        return dict(self._weights.items())


def build_weighting(config: LossConfig) -> Weighting:
    """The weighting of a configuration, whose weights are those that it starts from."""
    return WEIGHTINGS[config.weighting](config)


WEIGHTINGS: dict[str, Callable[[LossConfig], Weighting]] = {
    "fixed": FixedWeighting,
    "uncertainty": uncertainty,
    "liebel-koerner": liebel_koerner,
    "dwa": DynamicWeightAverage,
    "gradnorm": GradNorm,
    "pcgrad": pcgrad,
    "cagrad": cagrad,
}
