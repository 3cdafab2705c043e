"""Which sequences of phases make a training."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from models.config.loss import LossConfig
from models.config.phases import PhaseConfig
from models.config.section import OWN_PART, Task


def check_phases(phases: Sequence[PhaseConfig], loss: LossConfig, start_from: Path | None) -> None:
    """Raise ValueError, which names the phase, unless each one has something to teach, and to whom."""
    for number, phase in enumerate(phases):
        before = phases[:number]
        if (
            fault := _parts(phase, loss)
            or _losses(phase, loss)
            or _judge(phase, loss, before)
            or _mining(phase, loss, before)
        ):
            raise ValueError(f"phases.{number} {fault}")
    if not phases[0].trains_generator and start_from is None:
        raise ValueError(
            "phases.0 trains a discriminator against a generator that has learned nothing: set start_from to the "
            "checkpoint of another trial (checkpoints/last.pt in its folder)"
        )
    if not any(phase.trains_generator for phase in phases):
        raise ValueError(
            "no phase trains the generator: a discriminator alone colorizes nothing; add generator to trains"
        )


def _parts(phase: PhaseConfig, loss: LossConfig) -> str:
    if "discriminator" in phase.trains and not phase.trains_generator and not loss.has_adversary:
        return "trains the discriminator alone, but loss.adversarial is none: there is no discriminator"
    for task in get_args(Task):
        if OWN_PART[task] in phase.trains and task not in loss.tasks:
            weight = "classification" if task == "classification" else "l1"
            return f"trains the {OWN_PART[task]}, but there is none: set loss.{weight} above 0"
    return ""


def _losses(phase: PhaseConfig, loss: LossConfig) -> str:
    if not phase.trains_generator or any(phase.teaches(task, loss) for task in loss.tasks):
        return ""
    return (
        f"trains {' and '.join(phase.trains)}, but no loss that is on reaches them: shorten `without`, or change trains"
    )


def _judge(phase: PhaseConfig, loss: LossConfig, before: Sequence[PhaseConfig]) -> str:
    deceives = phase.teaches("colorization", loss) and loss.has_adversary and "adversarial" not in phase.without
    if not deceives or any("discriminator" in one.trains for one in (*before, phase)):
        return ""
    return (
        f"has the generator deceive a discriminator that has learned nothing (loss.adversarial is {loss.adversarial}): "
        "add discriminator to trains, or adversarial to without"
    )


def _mining(phase: PhaseConfig, loss: LossConfig, before: Sequence[PhaseConfig]) -> str:
    if phase.hardest is None:
        return ""
    if not loss.has_adversary:
        return "has `hardest`, which needs a discriminator to judge the photos: set loss.adversarial"
    if not any("discriminator" in earlier.trains for earlier in before):
        return "has `hardest`, but no phase before it trains the discriminator that is to judge: add one"
    return ""
