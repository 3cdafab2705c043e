"""Dynamic weight average (Liu et al. 2019, section 3.3): the slower a loss falls, the more it counts.

torchjd's DWA keeps its history outside its state dict and takes all losses every time; here losses come and go, and
training goes on after a restart.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from models.config.loss import LossConfig, TaskLoss
from models.objectives.weighting_base import Weighting, base_weights, descend, task_totals


class DynamicWeightAverage(Weighting):
    """Σ wₖ λₖ Lₖ with the given weights w and λₖ = K exp(rₖ/T) / Σ exp(rᵢ/T), rₖ = Lₖ(t−1) / Lₖ(t−2).

    K is the number of losses that are on; λ is 1 until two epochs are known.
    """

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self._base = base_weights(config)
        self._temperature = config.dwa_temperature
        self._means: dict[TaskLoss, list[float]] = {name: [] for name in self._base}  # of the last two epochs

    def backward(
        self,
        losses: Mapping[TaskLoss, Tensor],
        adversarial: Tensor | None,
        features: Sequence[Tensor],
        share: float,
    ) -> None:
        factors = self._factors(list(losses))
        weights = {name: self._base[name] * factor for name, factor in factors.items()}
        descend(list(task_totals(weights, losses).values()), adversarial, share)

    def after_step(self) -> None:
        """They change once an epoch."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        for name, history in self._means.items():
            if name in means:
                self._means[name] = [*history, means[name]][-2:]

    def weights(self) -> dict[str, float]:
        factors = self._factors(list(self._base))
        return {name: weight * factors[name] for name, weight in self._base.items()}

    def _factors(self, names: Sequence[TaskLoss]) -> dict[TaskLoss, float]:
        """λ of each of the losses."""
        rates = {name: self._rate(name) for name in names}
        highest = max(rates.values(), default=0.0)  # or exp would overflow
        shares = {name: math.exp((rate - highest) / self._temperature) for name, rate in rates.items()}
        return {name: len(names) * share / sum(shares.values()) for name, share in shares.items()}

    def _rate(self, name: TaskLoss) -> float:
        history = self._means[name]
        return history[1] / history[0] if len(history) == 2 and history[0] > 0 else 1.0

    def get_extra_state(self) -> dict[str, Any]:
        """Part of state_dict()."""
        return {"means": {name: [*history] for name, history in self._means.items()}}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Part of load_state_dict()."""
        self._means = {name: [*state["means"][name]] for name in self._means}
