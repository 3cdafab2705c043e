"""Checkpoints of a trial: last (to go on from), best for each task, best joint (to colorize with)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from data.colour import AB_SCALES, AbScale
from data.errors import HuetuneError
from data.files import replaced_atomically
from models.backbones import build_generator
from models.colorizer import Colorizer
from models.config import TrialConfig

LAST, BEST_JOINT = "last", "best-joint"


class CheckpointError(HuetuneError):
    """A checkpoint is missing, damaged or of another kind."""


def checkpoint_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.pt"


def best_of(task: str) -> str:
    """Name of the checkpoint with the task's best evaluation."""
    return f"best-{task}"


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write tensors and plain values in one step: a reader sees the old file or the new one, never half of it."""
    with replaced_atomically(path) as scratch:
        torch.save(content, scratch)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; nothing in the file is executed.

    On the GPU Adam's step counts would stay there, and every step would wait for them.

    Raises:
        CheckpointError: no such file, or it cannot be read.
    """
    if not path.exists():
        raise CheckpointError(f"no checkpoint {path}: the trial has not been evaluated yet; choose another trial")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"checkpoint {path} cannot be read ({reason}); use another one of its folder") from error
    return content


@dataclass(frozen=True)
class Trained:
    """A generator as a trial left it, and what it takes to use it."""

    generator: Colorizer
    side: int
    """Pixels: height and width of the photos that it was trained on."""
    scale: AbScale
    """What its ab stand for."""


def load_generator(path: Path, device: torch.device) -> Trained:
    """The trained generator of a checkpoint, in evaluation mode."""
    content = load_checkpoint(path)
    config = TrialConfig.model_validate_json(content["config"])
    # The checkpoint holds the trained weights: no need to find the pretrained ones first.
    model = config.model.model_copy(update={"pretrained": False})
    generator = build_generator(model, content["num_classes"]).to(device)
    generator.load_state_dict(content["generator"])
    return Trained(generator.eval(), content["side"], AB_SCALES[config.data.normalisation])
