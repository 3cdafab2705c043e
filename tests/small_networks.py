"""Generators small enough for unit tests, from the sections of a configuration."""

from typing import Any

import torch
from torch import nn

from models.config.trial import TrialConfig
from models.networks.colorizer import Colorizer
from models.networks.generators import build_generator

SIDE = 64
NUM_CLASSES = 3


def trial_config(model: dict[str, Any] | None = None, **loss: Any) -> TrialConfig:
    """A trial with this `model` section and these losses."""
    data = {"train": "train.beton", "val": "val.beton"}
    return TrialConfig.model_validate({"data": data, "model": model or {}, "loss": loss})


def small(
    model: dict[str, Any], num_classes: int = NUM_CLASSES, side: int = SIDE, seed: int = 0, **loss: Any
) -> Colorizer:
    """A generator of an eighth of the channels, in training mode."""
    depth = {"depth": 6} if model.get("backbone", "unet") == "unet" else {}
    torch.manual_seed(seed)
    return build_generator(trial_config({"width": 0.125, **depth, **model}, **loss), num_classes, side)


def num_parameters(module: nn.Module | None) -> int:
    assert module is not None
    return sum(parameter.numel() for parameter in module.parameters())
