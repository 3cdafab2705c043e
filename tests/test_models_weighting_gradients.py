"""Weightings that look at the gradients of the tasks, worked out by hand on two of them."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from two_tasks import Step, TwoTasks, gradients, two_losses

from models.objectives.adversarial import balance
from models.objectives.graph import deepest_shared, leaves
from models.objectives.weighting import WEIGHTINGS, build_weighting
from models.objectives.weighting_base import Weighting


class TwoGradients:
    """A point with 2 coordinates, where the losses of the tasks have the given gradients."""

    def __init__(self, colorization: tuple[float, float], classification: tuple[float, float]) -> None:
        self.point = nn.Parameter(torch.ones(2))
        self._directions = {"l1": torch.tensor(colorization), "classification": torch.tensor(classification)}

    def combined(self, weighting: Weighting) -> list[float]:
        """The gradient that the weighting makes of them."""
        self.point.grad = None
        features = self.point * 1
        losses = {name: (features * direction).sum() for name, direction in self._directions.items()}
        weighting.backward(losses, None, [features], 1.0)
        return self.point.grad.tolist()


def equal_weights(name: str, **others: float) -> Weighting:
    return build_weighting(two_losses(name, l1=1.0, classification=1.0, **others))


def test_pcgrad_projects_conflicting_gradients():
    # g₁·g₂ = −1: g₁ + ½g₂ = (½, ½) and g₂ + g₁ = (0, 1)
    assert TwoGradients((1, 0), (-1, 1)).combined(equal_weights("pcgrad")) == pytest.approx([0.5, 1.5])


def test_pcgrad_adds_gradients_that_agree():
    assert TwoGradients((1, 0), (1, 2)).combined(equal_weights("pcgrad")) == pytest.approx([2.0, 2.0])


def test_pcgrad_draws_from_torchs_generator():
    combined = []
    for _ in range(2):
        torch.manual_seed(3)
        combined.append((TwoGradients((1, 0), (-1, 1)).combined(equal_weights("pcgrad")), torch.get_rng_state()))
    assert combined[0][0] == combined[1][0]
    assert torch.equal(combined[0][1], combined[1][1])


def cagrad_by_search(first: Tensor, second: Tensor, c: float) -> Tensor:
    """2 (g₀ + c‖g₀‖ g_w/‖g_w‖) for the w in [0, 1] that minimises g_w·g₀ + c‖g₀‖‖g_w‖ (Liu et al., algorithm 1)."""
    first, second = first.double(), second.double()
    mean = (first + second) / 2
    w = torch.linspace(0, 1, 1_000_001, dtype=torch.float64)[:, None]
    mixed = w * first + (1 - w) * second
    radius = c * mean.norm()
    best = mixed[(mixed @ mean + radius * mixed.norm(dim=1)).argmin()]
    return 2 * (mean + radius * best / best.norm())


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize("second", [(-0.5, 1.0), (0.3, 2.0), (-1e-4, 1e-4)])
def test_cagrad_is_its_algorithm_at_every_scale(scale: float, second: tuple[float, float]):
    one, other = scale * torch.tensor([1.0, 0.0]), scale * torch.tensor(second)
    found = TwoGradients(tuple(one.tolist()), tuple(other.tolist())).combined(equal_weights("cagrad", cagrad_c=0.5))
    expected = cagrad_by_search(one, other, 0.5)
    assert found == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-4 * scale)


def test_cagrad_without_freedom_is_the_sum():
    found = TwoGradients((1, 0), (-0.5, 1)).combined(equal_weights("cagrad", cagrad_c=0.0))
    assert found == pytest.approx([0.5, 1.0])


@pytest.mark.parametrize("name", ["pcgrad", "cagrad"])
def test_a_task_without_a_gradient_does_not_stop_the_other(name: str):
    assert TwoGradients((1, 2), (0, 0)).combined(equal_weights(name)) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("name", ["pcgrad", "cagrad"])
def test_gradients_that_are_not_finite_are_passed_on(name: str):
    assert not all(map(math.isfinite, TwoGradients((1, 2), (math.nan, 0)).combined(equal_weights(name))))


@pytest.mark.parametrize("name", ["pcgrad", "cagrad"])
def test_where_tasks_agree_every_layer_gets_the_sum(name: str):
    """Of all their paths through feature maps that depend on one another, each once."""
    network = TwoTasks()
    step = Step(network)
    loss = step.losses["l1"]
    build_weighting(two_losses(name, l1=2.0, classification=3.0, cagrad_c=0.0)).backward(
        {"l1": loss, "classification": loss * 1}, None, step.features, 1.0
    )
    found = gradients(network)
    (5 * Step(network).losses["l1"]).backward()
    for key, gradient in gradients(network).items():
        torch.testing.assert_close(found[key], gradient)


@pytest.mark.parametrize("name", ["gradnorm", "pcgrad", "cagrad"])
def test_a_detached_task_does_not_shape_the_encoder(name: str):
    network = TwoTasks()
    step = Step(network)
    step.losses["classification"] = network.logits([map_.detach() for map_ in step.features]).square().mean()
    build_weighting(two_losses(name)).backward(step.losses, None, step.features, 1.0)
    found = gradients(network)
    assert found["head.weight"].any()
    (30 * Step(network).losses["l1"]).backward()
    for key, gradient in gradients(network).items():
        torch.testing.assert_close(found[key], gradient)


@pytest.mark.parametrize("name", ["pcgrad", "cagrad"])
def test_surgery_adds_to_what_has_been_accumulated(name: str):
    tasks, weighting = TwoGradients((1, 0), (-1, 1)), equal_weights(name)
    once = torch.tensor(tasks.combined(weighting))
    features = tasks.point * 1
    losses = {"l1": features[0], "classification": features[1] - features[0]}
    weighting.backward(losses, None, [features], 0.5)
    torch.testing.assert_close(tasks.point.grad, 1.5 * once)


def test_gradnorm_moves_weights_towards_equal_gradients():
    weighting = equal_weights("gradnorm")
    feature = torch.ones(1, requires_grad=True) * 1
    weighting.backward({"l1": 3 * feature.sum(), "classification": feature.sum()}, None, [feature], 1.0)
    # Norms 3 and 1, their mean 2: |3w₁ − 2| + |w₂ − 2|
    assert weighting.task_weights.grad.tolist() == [3.0, -1.0]
    torch.optim.SGD(weighting.parameters(), lr=0.1).step()
    weighting.after_step()
    assert weighting.weights() == pytest.approx({"l1": 0.7 * 2 / 1.8, "classification": 1.1 * 2 / 1.8})


def test_gradnorm_holds_back_the_task_that_learns_fast():
    weighting = equal_weights("gradnorm", gradnorm_alpha=1.5)
    for slope in (2.0, 1.0):  # the first loss halves
        weighting.zero_grad()
        feature = torch.ones(1, requires_grad=True) * 1
        weighting.backward({"l1": slope * feature.sum(), "classification": feature.sum()}, None, [feature], 1.0)
    # Both norms are 1 now; what is left is ½ and 1, relative to its mean ⅔ and 4⁄3: wanted ⅔^1.5 < 1 < (4⁄3)^1.5
    assert weighting.task_weights.grad.tolist() == [1.0, -1.0]


def test_gradnorm_comes_to_rest_where_the_gradients_are_equal():
    weighting = equal_weights("gradnorm")
    optimizer = torch.optim.SGD(weighting.parameters(), lr=5e-3)
    for _ in range(400):
        optimizer.zero_grad()
        feature = torch.ones(1, requires_grad=True) * 1
        weighting.backward({"l1": 3 * feature.sum(), "classification": feature.sum()}, None, [feature], 1.0)
        optimizer.step()
        weighting.after_step()
    assert weighting.weights() == pytest.approx({"l1": 0.5, "classification": 1.5}, abs=0.02)


def test_gradnorm_waits_for_the_first_labels():
    weighting = equal_weights("gradnorm")
    for first, second in ((2.0, 0.0), (2.0, 5.0)):
        feature = torch.ones(1, requires_grad=True) * 1
        weighting.backward(
            {"l1": first * feature.sum(), "classification": second * feature.sum()}, None, [feature], 1.0
        )
        assert weighting.task_weights.grad.isfinite().all()
    assert weighting.first_losses.tolist() == [2.0, 5.0]


def test_deepest_shared_feature_is_the_last_that_both_tasks_use():
    step = Step(TwoTasks())
    assert deepest_shared(step.features, step.losses.values()) is step.features[-1]
    branch_from_first = step.features[0].mean()  # as the fusion head does
    assert deepest_shared(step.features, [step.losses["l1"], branch_from_first]) is step.features[0]
    assert deepest_shared(step.features, [step.losses["l1"], torch.ones(1, requires_grad=True).sum()]) is None


def test_leaves_are_the_encoders_parameters_that_are_trained():
    network = TwoTasks()
    network.encoder[0].bias.requires_grad_(False)
    found = leaves(Step(network).features)
    expected = [network.encoder[0].weight, network.encoder[1].weight, network.encoder[1].bias]
    assert len(found) == 3
    assert {id(leaf) for leaf in found} == {id(parameter) for parameter in expected}


@pytest.mark.parametrize("name", [name for name in WEIGHTINGS if name not in ("pcgrad", "cagrad")])
def test_weighting_does_not_wait_for_the_device(name: str):
    """A fake tensor has no value: to ask for one is an error."""
    with FakeTensorMode():
        network, weighting = TwoTasks(), build_weighting(two_losses(name))
        features = network.features(torch.empty(4, 1, 8, 8))
        losses = {"l1": network.ab(features).abs().mean(), "classification": network.logits(features).square().mean()}
        factor = balance(losses["l1"], -losses["l1"], network.decoder.weight)
        weighting.backward(losses, factor * -losses["l1"], features, 0.5)
        weighting.after_step()
