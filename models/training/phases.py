"""What a phase of the training means for the networks, and what is on in each of its steps."""

from dataclasses import dataclass

import numpy as np
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from data.batch import Batches
from models.config.loss import AB_LOSSES, TaskLoss
from models.config.section import OWN_PART, Part, Task
from models.training.mining import hardest_photos
from models.training.optimizers import learning_rates, schedule_factor, set_rates
from models.training.state import TrainingState

_TASK_OF_PART = {part: task for task, part in OWN_PART.items()}


@dataclass(frozen=True)
class Plan:
    """What is on in the coming steps."""

    losses: tuple[TaskLoss, ...]
    """Of the generator, the adversarial one aside."""
    adversarial: bool
    """The generator learns to deceive the discriminator."""
    discriminator: bool
    """The discriminator learns."""
    detached: tuple[Task, ...]
    """Tasks that no longer shape the encoder."""

    @property
    def needs_ab(self) -> bool:
        """Something looks at the colours themselves, not at bins of them."""
        return self.adversarial or self.discriminator or any(name in AB_LOSSES for name in self.losses)

    @property
    def generator(self) -> bool:
        """The generator learns."""
        return self.adversarial or bool(self.losses)


def prepare(state: TrainingState, batches: Batches) -> tuple[Plan, dict[str, float]]:
    """Set photos, modes and learning rates for the coming steps; what is on in them, and the rates by part."""
    plan = _plan(state)
    if plan.generator or plan.discriminator:
        _choose_photos(state, batches)
    _set_modes(state)
    return plan, _set_rates(state, batches.num_batches(state.photos))


def _choose_photos(state: TrainingState, batches: Batches) -> None:
    """At the start of a phase; afterwards, and after a restart, they stay the same."""
    position, phase = state.position, state.phase
    if position.phase_step:
        return
    state.photos = None
    if phase.hardest is not None and phase.hardest < batches.num_samples:
        state.photos = hardest_photos(state, batches, phase.hardest)
    elif phase.photos is not None and phase.photos < batches.num_samples:
        draw = np.random.default_rng((state.config.seed, position.phase))
        state.photos = np.sort(draw.choice(batches.num_samples, phase.photos, replace=False))


def _plan(state: TrainingState) -> Plan:
    phase, config = state.phase, state.config
    colorizes = state.learns("colorization")
    judged = state.discriminator is not None and not state.stopping.frozen("colorization")
    return Plan(
        losses=tuple(
            name for task in config.tasks if state.learns(task) for name in phase.losses_of(task, config.loss)
        ),
        adversarial=colorizes and judged and "adversarial" not in phase.without,
        discriminator=judged and phase.learns("discriminator"),
        detached=tuple(task for task in config.tasks if state.stopping.detached(task)),
    )


def _set_modes(state: TrainingState) -> None:
    """Parts that do not learn keep their weights, and their batch statistics too unless the phase says otherwise."""
    phase = state.phase
    state.generator.train()
    for part, module in state.generator_parts.items():
        task = _TASK_OF_PART.get(part)
        stopped = task is not None and state.stopping.frozen(task)
        _set_mode(module, phase.learns(part) and not stopped, collect=phase.frozen_norm == "train" and not stopped)
    if state.discriminator is not None:
        _set_mode(state.discriminator, phase.learns("discriminator"), collect=phase.frozen_norm == "train")


def _set_mode(module: nn.Module, learns: bool, collect: bool) -> None:
    module.requires_grad_(learns)
    module.train(learns)
    if collect:
        for layer in module.modules():
            if isinstance(layer, _BatchNorm):
                layer.train()


def _set_rates(state: TrainingState, num_batches: int) -> dict[str, float]:
    phase, config = state.phase, state.config.optimizer
    factor = schedule_factor(config, state.position.phase_epoch, phase.num_epochs(num_batches))
    rates = learning_rates(config, phase, factor, state.config.loss.weighting_lr)
    set_rates(state.optimizer, rates)
    if state.discriminator_optimizer is not None:
        set_rates(state.discriminator_optimizer, rates)
    parts: list[Part] = [*state.generator_parts]
    if state.discriminator is not None:
        parts.append("discriminator")
    return {part: rates[part] for part in parts if phase.learns(part)}
