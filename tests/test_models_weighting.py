"""What every weighting keeps to, and the formulae of those that weigh losses."""

import io
import math

import pytest
import torch
from torch import Tensor
from torchjd.scalarization import DWA
from two_tasks import Step, TwoTasks, gradients, two_losses

from models.config.loss import LossConfig
from models.objectives.weighting import WEIGHTINGS, build_weighting
from models.objectives.weighting_base import Weighting

LEARNED = ("uncertainty", "liebel-koerner")
LINEAR = ("fixed", "dwa", *LEARNED)
"""Those whose gradients add up over the parts of a batch."""


def total_gradients(weighting: Weighting, **losses: float) -> dict[str, float]:
    """The gradient of the weighting's total in each loss: the weight it was given."""
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in losses.items()}
    weighting.backward(tensors, None, [], 1.0)
    return {name: tensor.grad.item() for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_weights_start_where_the_configuration_says(name: str):
    weighting = build_weighting(two_losses(name))
    assert weighting.weights() == pytest.approx({"l1": 30.0, "classification": 0.5})
    assert total_gradients(weighting, l1=0.1, classification=2.0) == pytest.approx({"l1": 30.0, "classification": 0.5})


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_gradients_are_finite_and_reach_every_parameter(name: str):
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    step = Step(network)
    weighting.backward(step.losses, step.adversarial, step.features, 1.0)
    found = gradients(network) | gradients(weighting)
    assert found.keys() == {key for part in (network, weighting) for key, _ in part.named_parameters()}
    assert all(gradient.isfinite().all() and gradient.any() for gradient in found.values())


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_adversarial_loss_keeps_the_weight_that_it_comes_with(name: str):
    """In the decoder, which belongs to colorization alone."""
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    found = []
    for adversarial in (0.0, 5.0):
        step = Step(network)
        weighting.backward(step.losses, adversarial * step.adversarial, step.features, 1.0)
        found.append(gradients(network)["decoder.weight"])
    Step(network).adversarial.backward()
    torch.testing.assert_close(found[1] - found[0], 5 * gradients(network)["decoder.weight"])


@pytest.mark.parametrize("name", WEIGHTINGS)
@pytest.mark.parametrize("only", ["l1", "classification", None])
def test_losses_that_are_off_are_left_out(name: str, only: str | None):
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    step = Step(network)
    losses = {only: step.losses[only]} if only else {}
    adversarial = None if only else step.adversarial
    weighting.backward(losses, adversarial, step.features, 1.0)
    found = gradients(network)
    again = Step(network)
    (weighting.weights()[only] * again.losses[only] if only else again.adversarial).backward()
    for key, gradient in gradients(network).items():
        torch.testing.assert_close(found[key], gradient)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_nothing_to_learn_from_is_no_error(name: str):
    build_weighting(two_losses(name)).backward({}, None, [], 1.0)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_a_frozen_encoder_leaves_the_weighted_sum(name: str):
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    network.encoder.requires_grad_(False)
    step = Step(network)
    weighting.backward(step.losses, step.adversarial, step.features, 1.0)
    found = gradients(network)
    assert found.keys() == {f"{layer}.{kind}" for layer in ("up", "decoder", "head") for kind in ("weight", "bias")}
    again = Step(network)
    (30.0 * again.losses["l1"] + 0.5 * again.losses["classification"] + again.adversarial).backward()
    for key, gradient in gradients(network).items():
        torch.testing.assert_close(found[key], gradient)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_features_in_half_precision_will_do(name: str):
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    with torch.autocast("cpu", torch.bfloat16):
        step = Step(network)
    weighting.backward(step.losses, step.adversarial, step.features, 1.0)
    assert step.features[-1].dtype == torch.bfloat16
    assert all(gradient.isfinite().all() for gradient in (gradients(network) | gradients(weighting)).values())


@pytest.mark.parametrize("name", LINEAR)
def test_parts_of_a_batch_add_up_to_the_whole(name: str):
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    step = Step(network)
    weighting.backward(step.losses, step.adversarial, step.features, 1.0)
    whole = gradients(network) | gradients(weighting)
    for photos, share in ((slice(0, 1), 0.25), (slice(1, 4), 0.75)):
        step = Step(network, photos=photos)
        weighting.backward(step.losses, step.adversarial, step.features, share)
    parts = gradients(network) | gradients(weighting)
    for key, gradient in whole.items():
        torch.testing.assert_close(parts[key], gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_share_scales_every_gradient(name: str):
    network, weighting = TwoTasks(), build_weighting(two_losses(name))
    found = []
    for share in (1.0, 0.25):
        step = Step(network)
        weighting.backward(step.losses, step.adversarial, step.features, share)
        found.append(gradients(network) | gradients(weighting))
    for key, gradient in found[0].items():
        torch.testing.assert_close(found[1][key], gradient / 4, rtol=1e-4, atol=1e-6)


class Training:
    """Epochs of two steps each."""

    def __init__(self, config: LossConfig) -> None:
        self.network, self.weighting = TwoTasks(), build_weighting(config)
        parameters = [*self.network.parameters(), *self.weighting.parameters()]
        self.optimizer = torch.optim.Adam(parameters, lr=0.05)

    def epoch(self, number: int) -> None:
        sums = {"l1": 0.0, "classification": 0.0, "discriminator": 0.7}
        for index in range(2):
            step = Step(self.network, 2 * number + index)
            self.optimizer.zero_grad()
            self.weighting.backward(step.losses, step.adversarial, step.features, 1.0)
            self.optimizer.step()
            self.weighting.after_step()
            for name, loss in step.losses.items():
                sums[name] += loss.item() / 2
        self.weighting.end_epoch(sums)

    def state(self) -> dict[str, object]:
        return {
            "network": self.network.state_dict(),
            "weighting": self.weighting.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        for part in ("network", "weighting", "optimizer"):
            getattr(self, part).load_state_dict(state[part])
        torch.set_rng_state(state["rng"])


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_a_restart_changes_nothing(name: str):
    config = two_losses(name)
    whole = Training(config)
    for number in range(3):
        whole.epoch(number)
    file = io.BytesIO()
    torch.save(whole.state(), file)
    file.seek(0)
    again = Training(config)
    again.restore(torch.load(file, weights_only=True))
    for training in (whole, again):
        torch.manual_seed(5)
        training.epoch(3)
        training.epoch(4)
    assert again.weighting.weights() == whole.weighting.weights()
    for key, value in whole.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[key], value)


def total_of(config: LossConfig, log_variances: dict[str, float], losses: dict[str, float]) -> Tensor:
    """What a learned weighting minimises, found by the gradients that it gives: d total / ds for each s."""
    weighting = build_weighting(config)
    with torch.no_grad():
        for name, s in log_variances.items():
            weighting.log_variance[name].fill_(s)
    weighting.backward({name: torch.tensor(loss) for name, loss in losses.items()}, None, [], 1.0)
    return torch.stack([weighting.log_variance[name].grad for name in losses])


def test_uncertainty_is_kendalls_formula():
    config = LossConfig(weighting="uncertainty", l1=1, bins=1, classification=1)
    log_variances, losses = (
        {"l1": 0.3, "bins": -0.2, "classification": 0.5},
        {"l1": 0.4, "bins": 3.0, "classification": 2.0},
    )
    # d/ds of ½e^(−s)L + ½s for the regression, and of e^(−s)CE + ½s for the classifications
    expected = [
        -0.5 * math.exp(-0.3) * 0.4 + 0.5, -math.exp(0.2) * 3.0 + 0.5, -math.exp(-0.5) * 2.0 + 0.5
    ]  # fmt: skip
    assert total_of(config, log_variances, losses).tolist() == pytest.approx(expected)


def test_liebel_koerner_is_its_formula():
    config = LossConfig(weighting="liebel-koerner", l1=1, classification=1)
    s = torch.tensor([0.3, -0.7], dtype=torch.float64, requires_grad=True)
    variance = s.exp()
    (torch.tensor([0.4, 2.0]) / (2 * variance) + torch.log(1 + variance)).sum().backward()
    found = total_of(config, {"l1": 0.3, "classification": -0.7}, {"l1": 0.4, "classification": 2.0})
    assert found.tolist() == pytest.approx(s.grad.tolist())


def variance_at_rest(loss: float) -> float:
    """Where −L/(2v²) + 1/(1 + v) = 0, that is 2v² − Lv − L = 0."""
    return (loss + math.sqrt(loss**2 + 8 * loss)) / 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # d/ds (½e^(−s)L + ½s) = 0 at e^(−s) = 1/L, weight 1/(2L); e^(−s)CE + ½s at e^(−s) = 1/(2CE)
        ("uncertainty", {"l1": 2.5, "classification": 0.25}),
        ("liebel-koerner", {"l1": 0.5 / variance_at_rest(0.2), "classification": 0.5 / variance_at_rest(2.0)}),
    ],
)
def test_learned_weights_come_to_rest_at_the_minimum_of_their_loss(name: str, expected: dict[str, float]):
    weighting = build_weighting(two_losses(name, l1=10.0, classification=10.0))
    optimizer = torch.optim.Adam(weighting.parameters(), lr=0.05)
    for _ in range(1000):
        optimizer.zero_grad()
        weighting.backward({"l1": torch.tensor(0.2), "classification": torch.tensor(2.0)}, None, [], 1.0)
        optimizer.step()
    assert weighting.weights() == pytest.approx(expected, rel=1e-3)


def test_dwa_is_torchjds_times_the_given_weights():
    weighting = build_weighting(two_losses("dwa", dwa_temperature=1.5))
    peer = DWA(temperature=1.5)
    for l1, classification in ((0.5, 2.0), (0.25, 1.8), (0.24, 0.9)):
        losses = torch.tensor([l1, classification], requires_grad=True)
        peer(losses).backward()
        expected = {"l1": 30 * losses.grad[0].item(), "classification": 0.5 * losses.grad[1].item()}
        assert total_gradients(weighting, l1=l1, classification=classification) == pytest.approx(expected)
        assert weighting.weights() == pytest.approx(expected)
        peer.step()
        weighting.end_epoch({"l1": l1, "classification": classification})


def test_dwa_survives_losses_that_explode_or_were_0():
    weighting = build_weighting(two_losses("dwa"))
    for means in ({"l1": 1e-6, "classification": 0.0}, {"l1": 1e6, "classification": 1.0}):
        weighting.end_epoch(means)
    assert weighting.weights() == pytest.approx({"l1": 60.0, "classification": 0.0})


def test_dwa_gives_a_loss_that_is_left_alone_its_own_weight():
    weighting = build_weighting(two_losses("dwa"))
    for means in ({"l1": 1.0, "classification": 1.0}, {"l1": 0.5, "classification": 1.0}):
        weighting.end_epoch(means)
    assert total_gradients(weighting, l1=0.5) == {"l1": 30.0}
