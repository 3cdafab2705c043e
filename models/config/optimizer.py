"""How the weights are changed."""

from typing import Literal

from pydantic import Field

from models.config.section import Section


class OptimizerConfig(Section):
    """Once for the generator and once for the discriminator."""

    kind: Literal["adam", "adamw"] = "adam"
    generator_lr: float = Field(2e-4, gt=0)
    discriminator_lr: float = Field(2e-4, gt=0)
    beta1: float = Field(0.5, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    schedule: Literal["constant", "cosine", "step"] = "constant"
    """Of the learning rates, changed before each epoch, over each phase anew."""
    final_lr_factor: float = Field(0.01, ge=0, le=1)
    """cosine: what is left of the learning rate at the end of a phase."""
    step_epochs: int = Field(30, ge=1)
    """step: epochs between two steps."""
    step_factor: float = Field(0.1, gt=0, lt=1)
    """step: what each leaves of the learning rate."""
    clip_norm: float | None = Field(None, gt=0)
    """The longest gradient that each network may have. None: any."""
    ema_decay: float | None = Field(None, gt=0, lt=1)
    """Measure and keep the exponential moving average of the generator, of this decay a step. None: the generator."""
