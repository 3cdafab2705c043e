"""Adversarial objectives against values worked out by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from models.config.loss import LossConfig
from models.objectives.adversarial import ADVERSARIAL, balance, build_adversarial, gradient_penalty

REAL, FAKE = torch.full((2, 1, 3, 3), 2.0), torch.full((2, 1, 3, 3), -1.0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("bce", (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2, math.log1p(math.exp(1))),
        ("l1", (1 - sigmoid(2) + sigmoid(-1)) / 2, 1 - sigmoid(-1)),
        ("lsgan", ((2 - 1) ** 2 + (-1) ** 2) / 2, (-1 - 1) ** 2),
        ("hinge", (0 + 0) / 2, 1.0),
        ("wgan-gp", -1.0 - 2.0, 1.0),
    ],
)
def test_objective_is_its_formula(name: str, discriminator: float, generator: float):
    objective = ADVERSARIAL[name](1.0)
    assert objective.discriminator(REAL, FAKE).item() == pytest.approx(discriminator)
    assert objective.generator(FAKE).item() == pytest.approx(generator)


def test_hinge_asks_for_a_margin():
    objective = ADVERSARIAL["hinge"](1.0)
    assert objective.discriminator(torch.tensor([0.25]), torch.tensor([-0.5])).item() == pytest.approx((0.75 + 0.5) / 2)


def test_wasserstein_is_the_difference_of_the_means():
    real, fake = torch.tensor([[[[3.0]]], [[[5.0]]]]), torch.tensor([[[[1.0]]], [[[2.0]]]])
    objective = ADVERSARIAL["wgan-gp"](1.0)
    assert objective.discriminator(real, fake).item() == pytest.approx(1.5 - 4.0)
    assert objective.generator(fake).item() == pytest.approx(-1.5)


def test_label_smoothing_is_one_sided():
    bce, smooth = ADVERSARIAL["bce"](1.0), ADVERSARIAL["bce"](0.9)
    expected_real = 0.9 * math.log1p(math.exp(-2)) + 0.1 * math.log1p(math.exp(2))
    expected = (expected_real + math.log1p(math.exp(-1))) / 2
    assert smooth.discriminator(REAL, FAKE).item() == pytest.approx(expected)
    assert smooth.generator(FAKE) == bce.generator(FAKE)


@pytest.mark.parametrize("name", ["bce", "lsgan"])
@pytest.mark.parametrize("real_label", [1.0, 0.9])
def test_boundary_is_what_the_best_discriminator_says_of_a_toss_up(name: str, real_label: float):
    objective = ADVERSARIAL[name](real_label)
    logit = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([logit], lr=0.05)
    for _ in range(500):
        optimizer.zero_grad()
        objective.discriminator(logit, logit).backward()
        optimizer.step()
    assert objective.boundary == pytest.approx(logit.item(), abs=1e-4)


def test_boundaries_without_smoothing():
    assert {name: build(1.0).boundary for name, build in ADVERSARIAL.items()} == {
        "bce": 0.0, "l1": 0.0, "lsgan": 0.5, "hinge": 0.0, "wgan-gp": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_objective_rewards_the_discriminator_and_the_generator_for_their_own_ends(name: str):
    objective = ADVERSARIAL[name](1.0)
    high, low = torch.full((1, 1, 2, 2), 2.0), torch.full((1, 1, 2, 2), -2.0)
    assert objective.discriminator(high, low) < objective.discriminator(low, high)
    assert objective.generator(high) < objective.generator(low)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_objective_has_finite_gradients_far_out_and_is_float32(name: str):
    objective = ADVERSARIAL[name](1.0)
    real, fake = (torch.tensor([-80.0, 0.0, 80.0], dtype=torch.bfloat16, requires_grad=True) for _ in range(2))
    total = objective.discriminator(real, fake) + objective.generator(fake)
    total.backward()
    assert total.dtype == torch.float32
    assert real.grad.isfinite().all()
    assert fake.grad.isfinite().all()


def test_only_the_critic_is_penalised():
    assert [name for name, build in ADVERSARIAL.items() if build(1.0).penalised] == ["wgan-gp"]


def test_configuration_chooses_the_objective():
    assert build_adversarial(LossConfig(adversarial="none")) is None
    smooth = build_adversarial(LossConfig(adversarial="lsgan", real_label=0.9))
    assert smooth.discriminator(torch.tensor(0.9), torch.tensor(0.0)) == 0


def test_gradient_penalty_of_a_linear_critic_is_exact():
    def critic(lightness: Tensor, ab: Tensor) -> Tensor:
        return 3 * ab.sum(dim=1, keepdim=True)  # a logit for each pixel

    lightness, real, fake = torch.randn(2, 1, 4, 4), torch.randn(2, 2, 4, 4), torch.randn(2, 2, 4, 4)
    # The mean over 16 patches has the gradient 3/16 in each of the 32 ab values.
    norm = math.sqrt(32) * 3 / 16
    assert gradient_penalty(critic, lightness, real, fake).item() == pytest.approx((norm - 1) ** 2, rel=1e-5)


def test_gradient_penalty_is_the_same_inside_autocast():
    torch.manual_seed(0)
    network = nn.Conv2d(3, 1, 3)

    def critic(lightness: Tensor, ab: Tensor) -> Tensor:
        return network(torch.cat([lightness, ab], dim=1)).tanh()

    photos = torch.randn(2, 1, 4, 4), torch.randn(2, 2, 4, 4), torch.randn(2, 2, 4, 4).bfloat16()
    torch.manual_seed(1)
    expected = gradient_penalty(critic, *photos)
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16):
        penalty = gradient_penalty(critic, *photos)
    assert penalty.dtype == torch.float32
    assert torch.equal(penalty, expected)
    penalty.backward()
    assert network.weight.grad.isfinite().all()


def test_balance_makes_both_gradients_at_the_last_layer_alike():
    layer = torch.ones(4, requires_grad=True)
    factor = balance(6 * layer.sum(), -0.5 * layer.sum(), layer)
    assert factor.item() == pytest.approx(12 / (1 + 1e-4))  # norms 6·√4 and 0.5·√4
    assert not factor.requires_grad
    assert balance(1e6 * layer.sum(), 0 * layer.sum(), layer).item() == 1e4


def test_balance_of_a_frozen_layer_is_1():
    layer = torch.ones(4)
    earlier = torch.ones(4, requires_grad=True)
    assert balance((layer * earlier).sum(), (2 * layer * earlier).sum(), layer) == 1
