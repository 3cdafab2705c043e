"""Tasks whose gradients conflict in the encoder: PCGrad and CAGrad.

torchjd decides from the products of the gradients how they are combined. Their computation is ours, as its
`mtl_backward` wants feature maps that do not depend on one another: those of an encoder with skips do, and the part
of the gradient that flows from one to the other would count twice.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torchjd.aggregation import CAGradWeighting, PCGradWeighting
from torchjd.linalg import PSDMatrix

from models.config.loss import LossConfig, TaskLoss
from models.objectives.graph import leaves
from models.objectives.weighting_base import Weighting, base_weights, descend, task_totals

Row = list[Tensor | None]
"""The gradient of one task, by parameter of the encoder; None where it does not reach."""


class GradientSurgery(Weighting):
    """The encoder gets a combination of the tasks' gradients, every other layer their sum.

    A task is the sum of its losses under the given weights, colorization with its adversarial loss. The combination's
    scale is that of a sum. It waits for the device once a step, for the T×T products of the gradients.
    """

    def __init__(self, config: LossConfig, combine: Callable[[Tensor], Tensor]) -> None:
        """combine: products of the gradients (T,T) to the factor on each (T,), 1 for all where there is no conflict."""
        super().__init__()
        self._base = base_weights(config)
        self._combine = combine

    def backward(
        self,
        losses: Mapping[TaskLoss, Tensor],
        adversarial: Tensor | None,
        features: Sequence[Tensor],
        share: float,
    ) -> None:
        totals = task_totals(self._base, losses)
        if adversarial is not None:
            totals["colorization"] = totals["colorization"] + adversarial if "colorization" in totals else adversarial
        encoder = leaves(features)
        if len(totals) < 2 or not encoder:
            descend(list(totals.values()), None, share)
            return
        earlier = [parameter.grad for parameter in encoder]
        rows = _rows([total * share for total in totals.values() if total.requires_grad], encoder)
        factors = self._combine(_products(rows)) if len(rows) > 1 else torch.ones(len(rows))
        for parameter, before, *gradients in zip(encoder, earlier, *rows, strict=True):
            parameter.grad = _combined(factors, gradients, before)

    def after_step(self) -> None:
        """Nothing changes."""

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Nothing changes."""

    def weights(self) -> dict[str, float]:
        return dict(self._base.items())


def pcgrad(config: LossConfig) -> GradientSurgery:
    """Each gradient loses what points against another (Yu et al. 2020); the order is drawn by torch's generator."""
    decide = PCGradWeighting()
    return GradientSurgery(config, lambda products: decide(_psd(products)))


def cagrad(config: LossConfig) -> GradientSurgery:
    """The direction near the mean gradient that serves the worst task best (Liu et al. 2021), times the tasks."""
    # torchjd takes for 0, and stops at, what is below its norm_eps: here only proportions matter.
    decide = CAGradWeighting(c=config.cagrad_c, norm_eps=1e-9)

    def combine(products: Tensor) -> Tensor:
        squares = products.diagonal()
        # A batch without labels has no gradient to please, and the solver stops at NaN: such training ends as diverged.
        if not (squares.isfinite() & (squares > 0)).all():
            return torch.ones_like(squares)
        return len(products) * decide(_psd(products.double() / products.trace()))

    return GradientSurgery(config, combine)


def _psd(products: Tensor) -> PSDMatrix:
    """A type that torchjd asks for, and nothing more."""
    return products  # type: ignore[return-value]


def _rows(totals: Sequence[Tensor], encoder: Sequence[Tensor]) -> list[Row]:
    """The gradients of each total that reaches the encoder; those of other layers are accumulated."""
    rows: list[Row] = []
    for number, total in enumerate(totals, start=1):
        for parameter in encoder:
            parameter.grad = None
        total.backward(retain_graph=number < len(totals))
        rows.append([parameter.grad for parameter in encoder])
    # A task that learns from detached features has nothing to say here, and CAGrad would try to please it.
    return [row for row in rows if any(gradient is not None for gradient in row)]


def _products(rows: Sequence[Row]) -> Tensor:
    """(T,T) inner products of the rows. Elementwise: a matrix product could fall to TF32."""
    return torch.stack([torch.stack([_product(one, other) for other in rows]) for one in rows])


def _product(one: Row, other: Row) -> Tensor:
    terms = [(a * b).sum() for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return torch.stack(terms).sum()


def _combined(factors: Tensor, gradients: Sequence[Tensor | None], before: Tensor | None) -> Tensor | None:
    """Σ factor · gradient, upon what has been accumulated before."""
    total = before
    for factor, gradient in zip(factors, gradients, strict=True):
        if gradient is not None:
            total = factor * gradient if total is None else total + factor * gradient
    return total
