"""Checkpoints of a trial: last (to go on from, and what is ranked), best for each task, best joint."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from data.colour import AB_SCALES, AbScale
from data.errors import HuetuneError
from data.files import replaced_atomically
from models.config.trial import TrialConfig
from models.networks.colorizer import Colorizer
from models.networks.generators import build_generator
from models.training.removed import removed_because

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
        reason = removed_because(path.parent) or "the trial has not been evaluated yet"
        raise CheckpointError(f"no checkpoint {path}: {reason}; choose another trial")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CheckpointError(
            f"{path} is no whole checkpoint ({type(error).__name__}); use another one of its folder"
        ) from error
    if not isinstance(content, dict) or not {"config", "generator", "num_classes", "side"} <= content.keys():
        raise CheckpointError(f"{path} is no checkpoint of a trial; give a .pt file of a trial's folder checkpoints/")
    return content


def require_same(checkpoint: Mapping[str, Any], config: TrialConfig, data: Mapping[str, str]) -> None:
    """Raise CheckpointError unless the checkpoint is of this configuration and of data with these hashes."""
    if differences := config.differences(config_of(checkpoint)):
        raise CheckpointError(f"the checkpoint is of another configuration: {differences}; start a new trial")
    for name, digest in data.items():
        if checkpoint["data"].get(name, digest) != digest:
            raise CheckpointError(f"the checkpoint is of other photos: data.{name} has another hash; start a new trial")


@dataclass(frozen=True)
class Trained:
    """A generator as a trial left it, and what it takes to use it."""

    generator: Colorizer
    config: TrialConfig
    num_classes: int
    side: int
    """Pixels: height and width of the photos that it was trained on."""

    @property
    def scale(self) -> AbScale:
        """What its ab stand for."""
        return AB_SCALES[self.config.data.normalisation]


def load_generator(path: Path, device: torch.device) -> Trained:
    """The trained generator of a checkpoint, in evaluation mode: of its weights the moving average, if one was kept."""
    content = load_checkpoint(path)
    return with_weights(evaluated_weights(content), config_of(content), content["num_classes"], content["side"], device)


def with_weights(
    weights: Mapping[str, Any], config: TrialConfig, num_classes: int, side: int, device: torch.device
) -> Trained:
    """The generator of a configuration with trained weights, in evaluation mode; side: of its photos, in pixels.

    Raises:
        CheckpointError: they are of other networks, as an older huetune built them.
    """
    # These are the trained weights: no need to find the pretrained ones first.
    bare = config.model_copy(update={"model": config.model.model_copy(update={"pretrained": False})})
    generator = build_generator(bare, num_classes, side).to(device)
    try:
        generator.load_state_dict(weights)
    except RuntimeError:  # its message names every tensor
        raise CheckpointError(
            "the weights are of another network than this huetune builds from their configuration; use the version "
            "that trained them, or train again"
        ) from None
    return Trained(generator.eval(), config, num_classes, side)


def evaluated_weights(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The weights that the evaluations were measured with."""
    weights: dict[str, Any] = checkpoint["generator"] if checkpoint.get("average") is None else checkpoint["average"]
    return weights


def config_of(checkpoint: Mapping[str, Any]) -> TrialConfig:
    return TrialConfig.model_validate_json(checkpoint["config"])
