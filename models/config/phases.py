"""The parts of a training, one after the other: what trains, for how long, at what rate, on which photos."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from models.config.loss import TASK_OF, LossConfig, LossName, TaskLoss
from models.config.section import OWN_PART, Part, Section, Task


class PhaseConfig(Section):
    name: str = Field("training", min_length=1, max_length=40)
    """For the records."""
    epochs: int | None = Field(None, ge=1)
    """Passes over the phase's photos; either these or steps."""
    steps: int | None = Field(None, ge=1)
    """Batches."""
    trains: tuple[Part, ...] = ("generator", "discriminator")
    """What learns; the rest stays as it is."""
    learning_rates: dict[Part, float] = Field(default_factory=dict)
    """Where they differ from the optimizer's."""
    without: tuple[LossName, ...] = ()
    """Losses that are off."""
    frozen_norm: Literal["eval", "train"] = "eval"
    """What batch norm does in the parts that stay: use its statistics, or go on collecting them (dropout is off)."""
    photos: int | None = Field(None, ge=1)
    """Only so many of the training photos, drawn once for the phase. None: all."""
    hardest: int | None = Field(None, ge=1)
    """Only the training photos whose colorization the discriminator, at the start of the phase, finds least real."""

    def num_epochs(self, num_batches: int) -> int:
        """Passes of so many batches; one that the last step cuts short counts as one."""
        if self.epochs is not None:
            return self.epochs
        assert self.steps is not None
        return math.ceil(self.steps / max(num_batches, 1))

    def learns(self, part: Part) -> bool:
        return part in self.trains or (part in ("encoder", "decoder", "head") and "generator" in self.trains)

    @property
    def trains_generator(self) -> bool:
        return any(part != "discriminator" for part in self.trains)

    def losses_of(self, task: Task, loss: LossConfig) -> tuple[TaskLoss, ...]:
        """The losses of a task that are on, the adversarial one aside."""
        return tuple(name for name in loss.task_losses if TASK_OF[name] == task and name not in self.without)

    def teaches(self, task: Task, loss: LossConfig) -> bool:
        """Whether a loss of the task is on that reaches a part that learns."""
        deceives = task == "colorization" and loss.has_adversary and "adversarial" not in self.without
        on = bool(self.losses_of(task, loss)) or deceives
        return on and (self.learns("encoder") or self.learns(OWN_PART[task]))

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either epochs or steps")
        return self

    @model_validator(mode="after")
    def _trains_something(self) -> Self:
        if not self.trains:
            raise ValueError("trains is empty: name generator, encoder, decoder, head or discriminator")
        for part, rate in self.learning_rates.items():
            if rate <= 0:
                raise ValueError(f"learning_rates: {part} is {rate}; give a number above 0")
            if not (self.trains_generator if part == "generator" else self.learns(part)):
                raise ValueError(f"learning_rates names {part}, which this phase does not train: add it to trains")
        if self.photos is not None and self.hardest is not None:
            raise ValueError("photos and hardest both choose the photos: give one of them")
        return self
