"""Loss weights that are learned together with the network, as the uncertainty of each loss."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.config.loss import LossConfig, TaskLoss
from models.objectives.weighting_base import Weighting, base_weights, descend


class LearnedWeighting(Weighting):
    """Σ cᵢ e^(−sᵢ) Lᵢ + penalty(sᵢ), where s = log σ² of each loss is learned, from where its weight is the given one.

    For losses that are never negative: a weight on one that is would grow without end.
    """

    def __init__(
        self, config: LossConfig, scales: Callable[[TaskLoss], float], penalty: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        initial = base_weights(config)
        self._scales = {name: scales(name) for name in initial}
        self._penalty = penalty
        self.log_variance = nn.ParameterDict(
            {name: torch.tensor(math.log(self._scales[name] / weight)) for name, weight in initial.items()}
        )

    def backward(
        self,
        losses: Mapping[TaskLoss, Tensor],
        adversarial: Tensor | None,
        features: Sequence[Tensor],
        share: float,
    ) -> None:
        descend([self._term(name, loss) for name, loss in losses.items()], adversarial, share)

    def _term(self, name: TaskLoss, loss: Tensor) -> Tensor:
        s = self.log_variance[name]
        return self._scales[name] * torch.exp(-s) * loss + self._penalty(s)

    def after_step(self) -> None:
        """The optimiser has changed them."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """They change at every step."""

    def weights(self) -> dict[str, float]:
        return {name: scale * math.exp(-self.log_variance[name].item()) for name, scale in self._scales.items()}


def uncertainty(config: LossConfig) -> LearnedWeighting:
    """½e^(−s)L + ½s for a regression, e^(−s)L + ½s for a classification, bins included (Kendall et al. 2018)."""
    return LearnedWeighting(config, lambda name: 1.0 if name in ("bins", "classification") else 0.5, lambda s: s / 2)


def liebel_koerner(config: LossConfig) -> LearnedWeighting:
    """L/(2σ²) + ln(1 + σ²), whose penalty is never negative (Liebel and Körner 2018)."""
    return LearnedWeighting(config, lambda _: 0.5, F.softplus)
