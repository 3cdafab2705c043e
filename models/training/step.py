"""One step of the training: the discriminator learns, then the generator, from one forward pass of the generator."""

import torch
from torch import Tensor

from data.batch import Batch
from data.errors import HuetuneError
from models.config.loss import TASK_OF, TaskLoss
from models.networks.colorizer import Prediction
from models.objectives.adversarial import balance, gradient_penalty
from models.training.phases import Plan
from models.training.state import TrainingState

Losses = dict[str, Tensor]
"""Detached losses by name, on the device: reading one there would hold up the GPU."""


ADVERSARIAL_WEIGHT = "adversarial_weight"
"""Among the losses, where it follows the gradients."""


class GpuMemoryError(HuetuneError):
    """A batch does not fit the GPU's memory."""


def training_step(state: TrainingState, batch: Batch, plan: Plan) -> Losses:
    """One discriminator step and, every `critic_steps`, one generator step; the losses, unweighted.

    Raises:
        GpuMemoryError: the batch does not fit, and may not be halved, or not again.
    """
    state.position.count_batch()
    losses: Losses = {}
    try:
        _learn(state, batch, plan, losses)
        return losses
    except torch.OutOfMemoryError as error:
        reason = str(error).splitlines()[0]
    # Not inside `except`, where the traceback would hold on to the tensors of the failed attempt.
    _halve(state, len(batch.label), reason)
    try:
        _learn(state, batch, plan, losses)
    except torch.OutOfMemoryError as error:
        raise GpuMemoryError(_too_large(state, len(batch.label), str(error).splitlines()[0])) from None
    return losses


def _learn(state: TrainingState, batch: Batch, plan: Plan, losses: Losses) -> None:
    """Both updates, whose losses are added to `losses`; after a failure only those that are not done yet."""
    parts = batch.split(state.accumulation)
    generator_turn = plan.generator and _is_generator_turn(state, plan)
    # Of a batch in parts only the graph of one is held at a time: its forward pass is repeated for the second update.
    shared = [_predict(state, parts[0], plan, learn=generator_turn)] if len(parts) == 1 else None
    if plan.discriminator and not losses:
        sums: Losses = {}
        predictions = shared or (_predict(state, part, plan, learn=False) for part in parts)
        for part, prediction in zip(parts, predictions, strict=True):
            _add(sums, discriminator_backward(state, part, prediction, len(part.label) / len(batch.label)))
        _update_discriminator(state)
        losses |= sums
    if generator_turn:
        sums = {}
        predictions = shared or (_predict(state, part, plan, learn=True) for part in parts)
        for part, prediction in zip(parts, predictions, strict=True):
            _add(sums, generator_backward(state, part, prediction, plan, len(part.label) / len(batch.label)))
        _update_generator(state)
        losses |= sums


def _is_generator_turn(state: TrainingState, plan: Plan) -> bool:
    return not plan.discriminator or state.position.step % state.config.loss.critic_steps == 0


def _predict(state: TrainingState, batch: Batch, plan: Plan, *, learn: bool) -> Prediction:
    with torch.set_grad_enabled(learn), state.autocast():
        prediction: Prediction = state.generator(batch.lightness, plan.detached, with_ab=plan.needs_ab)
    return prediction


def discriminator_backward(state: TrainingState, batch: Batch, prediction: Prediction, share: float) -> Losses:
    """Gradients by which the discriminator tells the true ab from the generated, times `share`."""
    assert state.adversary is not None and state.discriminator is not None and prediction.ab is not None  # noqa: PT018
    fake_ab = prediction.ab.detach()  # (B,2,H,W)
    with state.autocast():
        real, fake = state.discriminator(batch.lightness, batch.ab), state.discriminator(batch.lightness, fake_ab)
    losses = {"discriminator": state.adversary.discriminator(real.float(), fake.float())}
    total = losses["discriminator"]
    if state.adversary.penalised:
        penalty = gradient_penalty(state.discriminator, batch.lightness, batch.ab, fake_ab)
        losses["gradient_penalty"] = penalty
        total = total + state.config.loss.gradient_penalty * penalty
    (share * total).backward()
    return _scaled(losses, share)


def generator_backward(state: TrainingState, batch: Batch, prediction: Prediction, plan: Plan, share: float) -> Losses:
    """Gradients by which the generator learns what is on, times `share`."""
    losses = state.losses(prediction, batch, plan.losses)
    reported: Losses = dict(losses)
    adversarial = None
    if plan.adversarial:
        reported["adversarial"] = _adversarial(state, batch, prediction)
        weight = _weight(state, losses, reported["adversarial"])
        adversarial = weight * reported["adversarial"]
        if isinstance(weight, Tensor):
            reported[ADVERSARIAL_WEIGHT] = weight
    state.weighting.backward(losses, adversarial, prediction.features, share)
    return _scaled(reported, share)


def _adversarial(state: TrainingState, batch: Batch, prediction: Prediction) -> Tensor:
    assert state.adversary is not None and state.discriminator is not None  # noqa: PT018
    learns = next(state.discriminator.parameters()).requires_grad
    state.discriminator.requires_grad_(False)
    try:
        with state.autocast():
            logits = state.discriminator(batch.lightness, prediction.ab)  # (B,1,h,w)
    finally:
        state.discriminator.requires_grad_(learns)
    return state.adversary.generator(logits.float())


def _weight(state: TrainingState, losses: dict[TaskLoss, Tensor], adversarial: Tensor) -> Tensor | float:
    config = state.config.loss
    if config.adversarial_balance == "fixed":
        return config.adversarial_weight
    own = [config.weight(name) * loss for name, loss in losses.items() if TASK_OF[name] == "colorization"]
    last = state.generator.last_layer
    if not own or not last.requires_grad:
        return config.adversarial_weight
    return config.adversarial_weight * balance(torch.stack(own).sum(), adversarial, last)


def _update_discriminator(state: TrainingState) -> None:
    assert state.discriminator is not None and state.discriminator_optimizer is not None  # noqa: PT018
    _clip(state, list(state.discriminator.parameters()))
    state.discriminator_optimizer.step()
    state.discriminator_optimizer.zero_grad(set_to_none=True)


def _update_generator(state: TrainingState) -> None:
    _clip(state, list(state.generator.parameters()))
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    state.weighting.after_step()
    if state.average is not None:
        state.average.update_parameters(state.generator)


def _clip(state: TrainingState, parameters: list[torch.nn.Parameter]) -> None:
    if state.config.optimizer.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(parameters, state.config.optimizer.clip_norm)


def _halve(state: TrainingState, batch_size: int, reason: str) -> None:
    """Half the photos at a time from now on, once in a training."""
    wanted = state.config.compute
    if wanted.out_of_memory == "fail" or state.accumulation > wanted.accumulation or state.accumulation >= batch_size:
        raise GpuMemoryError(_too_large(state, batch_size, reason))
    state.accumulation *= 2
    for optimizer in (state.optimizer, state.discriminator_optimizer):
        if optimizer is not None:
            optimizer.zero_grad(set_to_none=True)
    if state.device.type == "cuda":
        torch.cuda.empty_cache()


def _too_large(state: TrainingState, batch_size: int, reason: str) -> str:
    parts = f" in {state.accumulation} parts" if state.accumulation > 1 else ""
    halve = ", or set compute.out_of_memory to halve" if state.config.compute.out_of_memory == "fail" else ""
    return (
        f"a batch of {batch_size} photos of {state.side} px{parts} does not fit the GPU's memory ({reason}); "
        f"lower data.batch_size or model.width, raise compute.accumulation{halve}"
    )


def _add(sums: Losses, losses: Losses) -> None:
    for name, loss in losses.items():
        sums[name] = sums[name] + loss if name in sums else loss


def _scaled(losses: Losses, share: float) -> Losses:
    return {name: share * loss.detach() for name, loss in losses.items()}
