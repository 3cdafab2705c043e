"""Adversarial objectives and loss weighting against values worked out by hand."""

import math

import pytest
import torch
from torch import Tensor

from models.adversarial import ADVERSARIAL, gradient_penalty
from models.config import LossConfig
from models.training import cross_entropy
from models.weighting import WEIGHTINGS, UncertaintyWeighting, build_weighting


def test_bce_is_the_mean_of_both_sides():
    bce = ADVERSARIAL["bce"]
    real, fake = torch.full((2, 1, 3, 3), 2.0), torch.full((2, 1, 3, 3), -1.0)
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert bce.discriminator(real, fake).item() == pytest.approx(expected)
    assert bce.generator(fake).item() == pytest.approx(math.log1p(math.exp(1)))


def test_wasserstein_is_the_difference_of_the_means():
    wgan = ADVERSARIAL["wgan-gp"]
    real, fake = torch.tensor([[[[3.0]]], [[[5.0]]]]), torch.tensor([[[[1.0]]], [[[2.0]]]])
    assert wgan.discriminator(real, fake).item() == pytest.approx(1.5 - 4.0)
    assert wgan.generator(fake).item() == pytest.approx(-1.5)


def test_gradient_penalty_of_a_linear_critic_is_exact():
    def critic(lightness: Tensor, ab: Tensor) -> Tensor:
        return 3 * ab.sum(dim=1, keepdim=True)  # a logit for each pixel

    lightness, real, fake = torch.randn(2, 1, 4, 4), torch.randn(2, 2, 4, 4), torch.randn(2, 2, 4, 4)
    # The mean over 16 patches has the gradient 3/16 in each of the 32 ab values.
    norm = math.sqrt(32) * 3 / 16
    assert gradient_penalty(critic, lightness, real, fake).item() == pytest.approx((norm - 1) ** 2, rel=1e-5)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_objective_rewards_the_discriminator_and_the_generator_for_their_own_ends(name: str):
    objective = ADVERSARIAL[name]
    high, low = torch.full((1, 1, 2, 2), 2.0), torch.full((1, 1, 2, 2), -2.0)
    assert objective.discriminator(high, low) < objective.discriminator(low, high)
    assert objective.generator(high) < objective.generator(low)


def test_fixed_weighting_is_the_weighted_sum():
    weighting = build_weighting(LossConfig(l1=100, classification=10), ("colorization", "classification"))
    losses = {"l1": torch.tensor(0.5), "classification": torch.tensor(2.0)}
    assert weighting(losses).item() == pytest.approx(70)
    assert weighting.weights() == {"l1": 100, "classification": 10}


def test_uncertainty_weighting_is_kendalls_formula():
    weighting = UncertaintyWeighting({"l1": 1.0, "classification": 1.0})
    s_l1, s_class = math.log(0.5), 0.0  # ½e^(−s) = 1 and e^(−s) = 1
    losses = {"l1": torch.tensor(0.3), "classification": torch.tensor(2.0)}
    expected = 0.5 * math.exp(-s_l1) * 0.3 + s_l1 / 2 + math.exp(-s_class) * 2.0 + s_class / 2
    assert weighting(losses).item() == pytest.approx(expected)


def test_uncertainty_weights_come_to_rest_at_the_minimum_of_their_loss():
    weighting = UncertaintyWeighting({"l1": 10.0, "classification": 10.0})
    optimizer = torch.optim.Adam(weighting.parameters(), lr=0.05)
    for _ in range(1000):
        optimizer.zero_grad()
        weighting({"l1": torch.tensor(0.2), "classification": torch.tensor(2.0)}).backward()
        optimizer.step()
    # d/ds (½e^(−s)L + ½s) = 0 at e^(−s) = 1/L, weight 1/(2L); e^(−s)CE + ½s at e^(−s) = 1/(2CE)
    assert weighting.weights() == pytest.approx({"l1": 2.5, "classification": 0.25}, rel=1e-3)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_weighting_starts_from_the_given_weights_and_takes_one_task_alone(name: str):
    weighting = WEIGHTINGS[name]({"l1": 30.0, "classification": 0.5})
    assert weighting.weights() == pytest.approx({"l1": 30.0, "classification": 0.5})
    assert weighting({"l1": torch.tensor(0.1)}).isfinite()


def test_cross_entropy_leaves_unlabelled_photos_out():
    logits = torch.tensor([[0.0, 0.0], [5.0, -5.0]])
    assert cross_entropy(logits, torch.tensor([1, -1])).item() == pytest.approx(math.log(2))
    assert cross_entropy(logits, torch.tensor([-1, -1])).item() == 0
