"""One training step: forward passes, accumulation, memory, precision."""

from typing import Any

import pytest
import torch
from memory_batches import MemoryBatches
from small_trials import changed, new_state, trial_config, weights_of

from data.batch import Batch
from models.training.phases import Plan, prepare
from models.training.state import TrainingState
from models.training.step import GpuMemoryError, training_step


def ready(**changes: Any) -> tuple[TrainingState, Plan, Batch]:
    state = new_state(trial_config(**changes))
    plan, _ = prepare(state, MemoryBatches())
    return state, plan, next(MemoryBatches().in_file_order())


def test_one_forward_pass_of_the_generator_serves_both_updates():
    state, plan, batch = ready()
    passes = []
    state.generator.register_forward_hook(lambda *_: passes.append(1))
    losses = training_step(state, batch, plan)
    assert set(losses) == {"discriminator", "adversarial", "l1", "classification"}
    assert len(passes) == 1


def test_critic_steps_leave_the_generator_alone_in_between():
    state, plan, batch = ready(loss={"critic_steps": 2, "adversarial": "wgan-gp"})
    encoder = {name: value.clone() for name, value in state.generator.named_parameters()}
    assert set(training_step(state, batch, plan)) == {"discriminator", "gradient_penalty"}
    assert all(torch.equal(encoder[name], value) for name, value in state.generator.named_parameters())
    training_step(state, batch, plan)
    assert not all(torch.equal(encoder[name], value) for name, value in state.generator.named_parameters())


def test_parts_of_a_batch_add_up_to_its_losses_and_gradients():
    # Without batch norm and dropout, and with every photo labelled, parts and whole are the same arithmetic.
    changes = {
        "model": {"width": 0.125, "depth": 4, "dropout": 0},
        "loss": {"adversarial": "none", "classification": 1},
    }
    results = []
    for accumulation in (1, 2, 4):
        state, plan, batch = ready(compute={"accumulation": accumulation}, optimizer={"generator_lr": 1e-3}, **changes)
        for module in state.generator.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()
        losses = training_step(state, batch, plan)
        results.append((losses, weights_of(state.generator)))
    (whole, weights), *others = results
    for losses, found in others:
        assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(
            {name: loss.item() for name, loss in whole.items()}, rel=1e-5
        )
        for name, value in weights.items():
            torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4)


def fit_only(state: TrainingState, num_photos: int) -> None:
    """From now on the generator runs out of memory with more photos than that."""

    def refuse(_: Any, arguments: tuple[torch.Tensor, ...]) -> None:
        if len(arguments[0]) > num_photos:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    state.generator.register_forward_pre_hook(refuse)


def test_batch_that_does_not_fit_is_halved_once_where_the_configuration_says_so():
    state, plan, batch = ready(compute={"out_of_memory": "halve"})
    fit_only(state, 2)
    generator = weights_of(state.generator)
    training_step(state, batch, plan)
    assert (state.accumulation, state.position.step) == (2, 1)
    assert changed(state.generator, generator)
    fit_only(state, 1)
    with pytest.raises(GpuMemoryError, match="a batch of 4 photos of 32 px in 2 parts does not fit"):
        training_step(state, batch, plan)


@pytest.mark.parametrize("adversarial", ["bce", "wgan-gp"])
def test_memory_that_ends_in_the_generators_turn_leaves_the_discriminator_learning(adversarial: str):
    changes = {"compute": {"out_of_memory": "halve"}, "loss": {"classification": 1, "adversarial": adversarial}}
    state, plan, batch = ready(**changes)

    def refuse(module: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        frozen = not next(module.parameters()).requires_grad
        if frozen and len(arguments[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    updates = []
    state.discriminator.register_forward_pre_hook(refuse)
    state.discriminator_optimizer.register_step_post_hook(lambda *_: updates.append(1))
    losses = training_step(state, batch, plan)
    assert {"discriminator", "adversarial", "l1"} <= set(losses)
    assert len(updates) == 1  # what was done before the failure is not done again
    before = weights_of(state.discriminator)
    training_step(state, batch, plan)
    assert changed(state.discriminator, before)


def test_batch_that_does_not_fit_is_named_where_the_configuration_says_fail():
    state, plan, batch = ready()
    fit_only(state, 2)
    with pytest.raises(
        GpuMemoryError, match=r"a batch of 4 photos of 32 px does not fit .*Tried to allocate 2\.00 GiB"
    ):
        training_step(state, batch, plan)


@pytest.mark.parametrize("adversarial", ["bce", "wgan-gp"])
def test_bf16_keeps_losses_and_weights_in_float32(adversarial: str):
    compute = {"precision": "bf16", "channels_last": True, "fused": True}
    state, plan, batch = ready(compute=compute, loss={"classification": 1, "adversarial": adversarial})
    losses = training_step(state, batch, plan)
    assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in losses.values())
    assert all(value.dtype == torch.float32 for value in state.generator.parameters())
    exact, plan, batch = ready(loss={"classification": 1, "adversarial": adversarial})
    expected = training_step(exact, batch, plan)
    for name, loss in losses.items():
        assert loss.item() == pytest.approx(expected[name].item(), rel=0.05, abs=0.02), name


def test_gradients_are_clipped_to_the_norm():
    state, plan, batch = ready(optimizer={"clip_norm": 1e-3, "beta1": 0.0})
    norms = []
    state.optimizer.register_step_pre_hook(
        lambda *_: norms.append(torch.stack([p.grad.norm() for p in state.generator.parameters()]).norm().item())
    )
    training_step(state, batch, plan)
    assert norms == [pytest.approx(1e-3, rel=1e-3)]


@pytest.mark.slow
def test_compiled_step_is_the_plain_step():
    state, plan, batch = ready(compute={"compile": True}, model={"width": 0.125, "depth": 4, "dropout": 0})
    exact, _, _ = ready(model={"width": 0.125, "depth": 4, "dropout": 0})
    for _ in range(2):
        losses, expected = training_step(state, batch, plan), training_step(exact, batch, plan)
    for name, loss in losses.items():
        assert loss.item() == pytest.approx(expected[name].item(), rel=1e-3), name
