"""How the losses of the two tasks become one."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from models.config import LossConfig, Task

LOSS_OF: dict[Task, str] = {"colorization": "l1", "classification": "classification"}
"""The weighted loss of each task, by its name in `LossConfig`."""


class FixedWeighting(nn.Module):
    """Σ wᵢ Lᵢ."""

    def __init__(self, weights: dict[str, float]) -> None:
        super().__init__()
        self._weights = weights

    def forward(self, losses: dict[str, Tensor]) -> Tensor:
        return torch.stack([self._weights[name] * loss for name, loss in losses.items()]).sum()

    def weights(self) -> dict[str, float]:
        return dict(self._weights)


class UncertaintyWeighting(nn.Module):
    """½e^(−s)L + ½s for the regression, e^(−s)L + ½s for the classification, s = log σ² learned (Kendall et al. 2018).

    Each s starts where the loss has the given weight.
    """

    def __init__(self, weights: dict[str, float]) -> None:
        super().__init__()
        self.log_variance = nn.ParameterDict(
            {name: torch.tensor(math.log(_scale(name) / weight)) for name, weight in weights.items()}
        )

    def forward(self, losses: dict[str, Tensor]) -> Tensor:
        terms = []
        for name, loss in losses.items():
            s = self.log_variance[name]
            terms.append(_scale(name) * torch.exp(-s) * loss + s / 2)
        return torch.stack(terms).sum()

    def weights(self) -> dict[str, float]:
        return {name: _scale(name) * math.exp(-s.item()) for name, s in self.log_variance.items()}


def build_weighting(config: LossConfig, tasks: tuple[Task, ...]) -> FixedWeighting | UncertaintyWeighting:
    initial = {LOSS_OF[task]: float(getattr(config, LOSS_OF[task])) for task in tasks}
    return WEIGHTINGS[config.weighting](initial)


def _scale(loss: str) -> float:
    return 1.0 if loss == "classification" else 0.5


WEIGHTINGS: dict[str, Callable[[dict[str, float]], FixedWeighting | UncertaintyWeighting]] = {
    "fixed": FixedWeighting,
    "uncertainty": UncertaintyWeighting,
}
