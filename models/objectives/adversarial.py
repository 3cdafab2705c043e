"""Adversarial objectives: what the discriminator and the generator minimise."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.config.loss import LossConfig

Critic = Callable[[Tensor, Tensor], Tensor]
Distance = Callable[[Tensor, float], Tensor]
"""Mean distance of logits from a label."""

LARGEST_BALANCE = 1e4


@dataclass(frozen=True)
class AdversarialObjective:
    discriminator: Callable[[Tensor, Tensor], Tensor]
    """Loss from the logits of real and of generated photos, (B,1,h,w) each; float32."""
    generator: Callable[[Tensor], Tensor]
    """Loss from the logits of generated photos; float32."""
    penalised: bool
    """The discriminator is a critic without batch norm whose gradient is penalised."""
    boundary: float | None
    """Mean logit of a photo from which on it counts as real: what the best discriminator says where real and generated
    photos are equally likely. None for a critic, whose values have no zero."""


def build_adversarial(config: LossConfig) -> AdversarialObjective | None:
    """The objective of a configuration; None for `none`."""
    return ADVERSARIAL[config.adversarial](config.real_label) if config.has_adversary else None


def gradient_penalty(critic: Critic, lightness: Tensor, real_ab: Tensor, fake_ab: Tensor) -> Tensor:
    """Mean of (‖∇critic‖₂ − 1)² at random points between real and generated ab (Gulrajani et al. 2017, algorithm 1).

    The lightness is the condition, the same for both: only ab (B,2,H,W) is interpolated, by one α per sample.
    In float32 also under autocast, where a gradient of a gradient would lose its small values.
    """
    with torch.autocast(real_ab.device.type, enabled=False):
        alpha = torch.rand(len(real_ab), 1, 1, 1, device=real_ab.device)
        between = torch.lerp(real_ab.float(), fake_ab.float(), alpha).requires_grad_()
        logits = critic(lightness.float(), between)
        # A patch critic has a logit for each patch; the critic's value of an image is their mean.
        values = logits.mean(dim=(1, 2, 3)).sum()
        (gradient,) = torch.autograd.grad(values, between, create_graph=True)
        penalty: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        return penalty


def balance(reconstruction: Tensor, adversarial: Tensor, last_layer: Tensor) -> Tensor:
    """The factor on `adversarial` at which both losses move `last_layer` alike (Esser et al. 2021, equation 7).

    ‖∇ reconstruction‖ / (‖∇ adversarial‖ + 1e-4), at most 1e4, detached; 1 where the layer is frozen.
    """
    if not last_layer.requires_grad:
        return torch.ones_like(reconstruction, requires_grad=False)
    (wanted,) = torch.autograd.grad(reconstruction, last_layer, retain_graph=True)
    (got,) = torch.autograd.grad(adversarial, last_layer, retain_graph=True)
    factor: Tensor = wanted.norm() / (got.norm() + 1e-4)
    return factor.clamp(max=LARGEST_BALANCE)


def _labelled(distance: Distance, real_label: float, *, of_sigmoid: bool) -> AdversarialObjective:
    """Real photos have one label and generated ones 0; the generator wants 1 (Salimans et al. 2016, section 3.4)."""
    middle = real_label / 2
    return AdversarialObjective(
        discriminator=lambda real, fake: (distance(real.float(), real_label) + distance(fake.float(), 0.0)) / 2,
        generator=lambda fake: distance(fake.float(), 1.0),
        penalised=False,
        boundary=math.log(middle / (1 - middle)) if of_sigmoid else middle,
    )


def _bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def _l1(logits: Tensor, label: float) -> Tensor:
    return (logits.sigmoid() - label).abs().mean()


def _least_squares(logits: Tensor, label: float) -> Tensor:
    return (logits - label).square().mean()


def _hinge(_: float) -> AdversarialObjective:
    """Lim and Ye 2017, Geometric GAN."""
    return AdversarialObjective(
        discriminator=lambda real, fake: (F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()) / 2,
        generator=lambda fake: -fake.float().mean(),
        penalised=False,
        boundary=0.0,
    )


def _wasserstein(_: float) -> AdversarialObjective:
    """Gulrajani et al. 2017. A difference, not a mean: λ is relative to it."""
    return AdversarialObjective(
        discriminator=lambda real, fake: fake.float().mean() - real.float().mean(),
        generator=lambda fake: -fake.float().mean(),
        penalised=True,
        boundary=None,
    )


ADVERSARIAL: dict[str, Callable[[float], AdversarialObjective]] = {
    "bce": partial(_labelled, _bce, of_sigmoid=True),
    "l1": partial(_labelled, _l1, of_sigmoid=True),
    "lsgan": partial(_labelled, _least_squares, of_sigmoid=False),
    "hinge": _hinge,
    "wgan-gp": _wasserstein,
}
"""By name, from the label of real photos: non-saturating GAN (Goodfellow et al. 2014), L1 on probabilities (the
`multitask-resnet18` preset's source), LSGAN (Mao et al. 2017), hinge, WGAN-GP."""
