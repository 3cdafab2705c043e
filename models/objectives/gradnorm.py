"""GradNorm (Chen et al. 2018): task weights that bring the tasks' gradients to comparable size."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from models.config.loss import TASK_OF, LossConfig, TaskLoss
from models.objectives.graph import deepest_shared
from models.objectives.weighting_base import Weighting, base_weights, descend, task_totals

SMALLEST_WEIGHT = 1e-3
"""At 0 a task could never come back, and below its loss would rise."""


class GradNorm(Weighting):
    """Σ wᵢ Lᵢ over tasks, where wᵢ descends on Σ |Gᵢ − Ḡ rᵢ^α| and all wᵢ together stay as many as tasks (algorithm 1).

    Lᵢ is the task's sum under the given weights, so every wᵢ begins with 1; Gᵢ = ‖∇ wᵢLᵢ‖ at the deepest feature map
    that both tasks share (the paper: the last shared layer's weights); rᵢ is Lᵢ as a part of its first value, over
    the mean of these. The adversarial loss stays outside: it may be negative, and so has no such part.
    """

    first_losses: Tensor

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self._base = base_weights(config)
        self._alpha = config.gradnorm_alpha
        self._tasks = tuple(dict.fromkeys(TASK_OF[name] for name in self._base))
        self.task_weights = nn.Parameter(torch.ones(len(self._tasks)))
        self.register_buffer("first_losses", torch.zeros(len(self._tasks)))  # 0: not seen yet

    def backward(
        self,
        losses: Mapping[TaskLoss, Tensor],
        adversarial: Tensor | None,
        features: Sequence[Tensor],
        share: float,
    ) -> None:
        totals = task_totals(self._base, losses)
        if len(totals) > 1 and (feature := deepest_shared(features, totals.values())) is not None:
            self._learn([totals[task] for task in self._tasks], feature, share)
        weights = dict(zip(self._tasks, self.task_weights.detach(), strict=True))
        descend([weights[task] * total for task, total in totals.items()], adversarial, share)

    def _learn(self, totals: Sequence[Tensor], feature: Tensor, share: float) -> None:
        """Accumulate the gradients of the task weights."""
        norms = [torch.autograd.grad(total, feature, retain_graph=True)[0].float().norm() for total in totals]
        gradients = self.task_weights * torch.stack(norms)
        rates = self._relative_rates(torch.stack([total.detach() for total in totals]))
        wanted = (gradients.mean() * rates**self._alpha).detach()
        ((gradients - wanted).abs().sum() * share).backward()

    def _relative_rates(self, current: Tensor) -> Tensor:
        """How much of its first loss each task still has, over the mean: 1 for all that fall alike."""
        self.first_losses.copy_(torch.where(self.first_losses > 0, self.first_losses, current))
        # A loss is 0 in a batch without labels: then nothing is known yet.
        left = torch.where(self.first_losses > 0, current / self.first_losses, 1.0)
        return left / left.mean().clamp(min=torch.finfo(left.dtype).tiny)

    @torch.no_grad()
    def after_step(self) -> None:
        self.task_weights.clamp_(min=SMALLEST_WEIGHT)
        self.task_weights.mul_(len(self._tasks) / self.task_weights.sum())

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """They change at every step."""

    def weights(self) -> dict[str, float]:
        factors = dict(zip(self._tasks, self.task_weights.tolist(), strict=True))
        return {name: weight * factors[TASK_OF[name]] for name, weight in self._base.items()}
