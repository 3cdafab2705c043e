"""Adversarial objectives: what the discriminator and the generator minimise."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

Critic = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialObjective:
    discriminator: Callable[[Tensor, Tensor], Tensor]
    """Loss from the logits of real and of generated images, (B,1,h,w) each."""
    generator: Callable[[Tensor], Tensor]
    """Loss from the logits of generated images."""
    penalised: bool
    """The discriminator is a critic without batch norm whose gradient is penalised."""


def _bce_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    real_loss = F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    return (real_loss + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))) / 2


def _bce_generator(fake: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def _wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _wasserstein_generator(fake: Tensor) -> Tensor:
    return -fake.mean()


def gradient_penalty(critic: Critic, lightness: Tensor, real_ab: Tensor, fake_ab: Tensor) -> Tensor:
    """Mean of (‖∇critic‖₂ − 1)² at random points between real and generated ab (Gulrajani et al. 2017, algorithm 1).

    The lightness is the condition, the same for both: only ab (B,2,H,W) is interpolated, by one α per sample.
    """
    alpha = torch.rand(len(real_ab), 1, 1, 1, device=real_ab.device)
    between = torch.lerp(real_ab, fake_ab, alpha).requires_grad_()
    logits = critic(lightness, between)
    # A patch critic has a logit for each patch; the critic's value of an image is their mean.
    values = logits.mean(dim=(1, 2, 3)).sum()
    (gradient,) = torch.autograd.grad(values, between, create_graph=True)
    penalty: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty


ADVERSARIAL = {
    "bce": AdversarialObjective(_bce_discriminator, _bce_generator, penalised=False),
    "wgan-gp": AdversarialObjective(_wasserstein_critic, _wasserstein_generator, penalised=True),
}
