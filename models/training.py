"""The training loop of every trial."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from data.batch import Batch, Batches
from data.errors import HuetuneError
from models.adversarial import gradient_penalty
from models.checkpoint import BEST_JOINT, LAST, best_of, checkpoint_path, load_checkpoint, save_checkpoint
from models.colorizer import Colorizer, Prediction
from models.config import TrialConfig
from models.evaluation import DIRECTIONS, Evaluation
from models.state import TrainingState
from models.weighting import LOSS_OF

Losses = dict[str, Tensor]
"""Detached losses by name, on the device: reading one there would hold up the GPU."""


class DivergedError(HuetuneError):
    """A loss is no longer a finite number: the configuration's fault, not the machine's."""


def train(
    state: TrainingState,
    batches: Batches,
    validate: Callable[[Colorizer], dict[str, float]],
    checkpoints: Path,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Evaluation]:
    """Train to the end, from the last checkpoint if there is one, and yield an evaluation after every epoch.

    An evaluation is yielded once its checkpoint is on the disk. After a restart the last one is yielded again, since
    nobody knows whether it was heard.

    Raises:
        DivergedError: a loss became infinite or not a number.
    """
    if (last := checkpoint_path(checkpoints, LAST)).exists():
        state.restore(load_checkpoint(last))
        yield state.history[-1]
    while not (state.history and state.history[-1].finished):
        began = clock()
        losses = train_epoch(state, batches)
        metrics = validate(state.generator)
        require_finite(metrics, state.epoch)
        state.seconds += clock() - began
        improved = state.stopping.update(metrics)
        evaluation = _evaluation(state, losses, metrics)
        state.history.append(evaluation)
        for task in improved:
            save_checkpoint(checkpoint_path(checkpoints, best_of(task)), state.generator_checkpoint())
        if joint_error(state.config, evaluation) <= min(joint_error(state.config, other) for other in state.history):
            save_checkpoint(checkpoint_path(checkpoints, BEST_JOINT), state.generator_checkpoint())
        save_checkpoint(last, state.full_checkpoint())
        yield evaluation


def train_epoch(state: TrainingState, batches: Batches) -> dict[str, float]:
    """One pass over the training photos; the mean of each loss."""
    state.set_training_mode()
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}
    for batch in batches.epoch(state.epoch):
        for name, loss in training_step(state, batch).items():
            sums[name] = sums.get(name, torch.zeros((), device=state.device)) + loss
            counts[name] = counts.get(name, 0) + 1
    state.epoch += 1
    means = {name: (total / counts[name]).item() for name, total in sums.items()}
    require_finite(means, state.epoch)
    return means


def require_finite(values: dict[str, float], epoch: int) -> None:
    """Raise DivergedError unless every loss or metric is a finite number."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise DivergedError(f"diverged: {name} became {value} in epoch {epoch}; lower the learning rates")


def training_step(state: TrainingState, batch: Batch) -> Losses:
    """One discriminator step and, every `critic_steps`, one generator step. One forward pass serves both."""
    state.step += 1
    adversarial = "colorization" in state.active
    generator_turn = not adversarial or state.step % state.config.loss.critic_steps == 0
    with torch.set_grad_enabled(generator_turn):
        prediction = state.generator(batch.lightness, state.detached)
    losses: Losses = {}
    if adversarial:
        losses |= discriminator_step(state, batch, prediction.ab.detach())
    if generator_turn:
        losses |= generator_step(state, batch, prediction)
    return losses


def discriminator_step(state: TrainingState, batch: Batch, fake_ab: Tensor) -> Losses:
    """Teach the discriminator to tell the true ab from the generated (B,2,H,W)."""
    real = state.discriminator(batch.lightness, batch.ab)
    fake = state.discriminator(batch.lightness, fake_ab)
    losses = {"discriminator": state.objective.discriminator(real, fake)}
    total = losses["discriminator"]
    if state.objective.penalised:
        penalty = gradient_penalty(state.discriminator, batch.lightness, batch.ab, fake_ab)
        losses["gradient_penalty"] = penalty
        total = total + state.config.loss.gradient_penalty * penalty
    state.discriminator_optimizer.zero_grad(set_to_none=True)
    total.backward()
    state.discriminator_optimizer.step()
    return _detached(losses)


def generator_step(state: TrainingState, batch: Batch, prediction: Prediction) -> Losses:
    """Teach the generator its active tasks."""
    weighted: Losses = {}
    total = torch.zeros((), device=state.device)
    losses: Losses = {}
    if "colorization" in state.active:
        weighted["l1"] = F.l1_loss(prediction.ab, batch.ab)
        state.discriminator.requires_grad_(False)
        losses["adversarial"] = state.objective.generator(state.discriminator(batch.lightness, prediction.ab))
        state.discriminator.requires_grad_(True)
        total = state.config.loss.adversarial_weight * losses["adversarial"]
    if "classification" in state.active:
        assert prediction.logits is not None
        weighted["classification"] = cross_entropy(prediction.logits, batch.label)
    state.optimizer.zero_grad(set_to_none=True)
    (total + state.weighting(weighted)).backward()
    state.optimizer.step()
    return _detached(losses | weighted)


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Mean cross-entropy of the labelled photos; 0 where a batch has none (torch's own mean would be NaN)."""
    total = F.cross_entropy(logits, label, ignore_index=-1, reduction="sum")
    return total / (label >= 0).sum().clamp(min=1)


def joint_error(config: TrialConfig, evaluation: Evaluation) -> float:
    """What the best joint checkpoint has least of: the product of the tasks' errors, so that no unit matters.

    The error of a metric that grows is its distance from 1 (accuracy, SSIM) or its inverse (PSNR).
    """
    names = [getattr(config.early_stopping, task).metric for task in config.tasks]
    return math.prod(_error(name, evaluation.metrics[name]) for name in names)


def _error(name: str, value: float) -> float:
    if DIRECTIONS[name] == "min":
        return value
    return 1 / value if name == "psnr" else 1 - value


def _evaluation(state: TrainingState, losses: dict[str, float], metrics: dict[str, float]) -> Evaluation:
    done = state.epoch >= state.config.epochs
    idle = {LOSS_OF[task] for task in state.config.tasks if task not in state.active}
    return Evaluation(
        epoch=state.epoch,
        step=state.step,
        seconds=state.seconds,
        metrics=metrics,
        losses=losses,
        weights={name: 0.0 if name in idle else weight for name, weight in state.weighting.weights().items()},
        stopped=state.stopping.stopped,
        finished="early-stopping" if state.stopping.all_stopped else "epochs" if done else None,
    )


def _detached(losses: Losses) -> Losses:
    return {name: loss.detach() for name, loss in losses.items()}
