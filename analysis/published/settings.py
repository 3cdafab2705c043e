"""The settings of a configuration by dotted path, and which of them matter when two are compared."""

import functools
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from data.config import DataConfig
from models.config.phases import PhaseConfig
from models.config.trial import TrialConfig
from search.spec.overrides import merged

Settings = Mapping[str, Any]

OF_NO_MATTER = (
    "data.train",
    "data.val",
    "data.test",
    "data.unlabelled",
    "data.num_workers",
    "model.weights",
    "start_from",
    "evaluation.*",
    "compute.channels_last",
    "compute.compile",
    "compute.fused",
    "compute.out_of_memory",
    "phases.*.name",
    "seed",
)
"""What changes nothing that is learned, or is for a user to give. Photos and evaluation are told by the protocol."""
SCALE = (
    "data.batch_size",
    "data.image_size",
    "compute.precision",
    "compute.accumulation",
    "early_stopping.collapse",
    "epochs",
    "phases.*.epochs",
    "phases.*.steps",
)
"""What makes the same recipe larger or smaller, longer or shorter. It may differ, and a reader is told."""

_NEVER_READ: tuple[tuple[Callable[[Settings], bool], tuple[str, ...]], ...] = (
    (lambda of: of["model.backbone"] != "unet", ("model.depth", "model.bottleneck_norm")),
    (
        lambda of: not of["loss.classification"],
        ("model.head", "loss.label_smoothing", "loss.teacher", "early_stopping.classification.*"),
    ),
    (
        lambda of: of["loss.adversarial"] == "none",
        (
            "model.discriminator_bias",
            "loss.adversarial_weight",
            "loss.adversarial_balance",
            "loss.real_label",
            "loss.critic_steps",
            "optimizer.discriminator_lr",
        ),
    ),
    (lambda of: of["loss.adversarial"] != "wgan-gp", ("loss.gradient_penalty",)),
    (lambda of: not of["loss.bins"], ("model.temperature", "loss.bins_target", "loss.rebalancing")),
    (lambda of: not of["loss.perceptual"], ("loss.perceptual_network",)),
    (lambda of: of["loss.weighting"] == "fixed", ("loss.weighting_lr",)),
    (lambda of: of["loss.weighting"] != "dwa", ("loss.dwa_temperature",)),
    (lambda of: of["loss.weighting"] != "gradnorm", ("loss.gradnorm_alpha",)),
    (lambda of: of["loss.weighting"] != "cagrad", ("loss.cagrad_c",)),
    (lambda of: of["optimizer.schedule"] != "cosine", ("optimizer.final_lr_factor",)),
    (lambda of: of["optimizer.schedule"] != "step", ("optimizer.step_epochs", "optimizer.step_factor")),
    *(
        (
            lambda of, task=task: of[f"{task}.patience"] is None and of[f"{task}.criterion"] == "patience",
            tuple(f"{task}.{name}" for name in ("min_delta", "action", "metric", "window", "threshold", "importance")),
        )
        for task in ("early_stopping.colorization", "early_stopping.classification")
    ),
)
"""Where the first holds, nothing reads the settings that follow."""


def settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting by dotted path, defaults too. An empty list or mapping is a value."""
    whole = merged(_defaults(), config)
    whole["phases"] = [merged(_phase_defaults(), phase) for phase in whole["phases"]]
    return dict(_plain(whole, ""))


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def never_read(of: Settings) -> tuple[str, ...]:
    """Patterns of the settings that nothing reads beside the others."""
    return tuple(pattern for holds, patterns in _NEVER_READ if holds(of) for pattern in patterns)


def _plain(content: Any, path: str) -> Iterator[tuple[str, Any]]:
    inner: Mapping[Any, Any] = {}
    if isinstance(content, Mapping):
        inner = content
    elif isinstance(content, list) and any(isinstance(item, Mapping) for item in content):
        inner = dict(enumerate(content))
    if not inner:
        yield path, content
    for key, value in inner.items():
        yield from _plain(value, f"{path}.{key}" if path else str(key))


@functools.cache
def _defaults() -> dict[str, Any]:
    return TrialConfig(data=DataConfig(train=Path("train"), val=Path("val"))).model_dump(mode="json")


@functools.cache
def _phase_defaults() -> dict[str, Any]:
    return PhaseConfig(epochs=1).model_dump(mode="json") | {"epochs": None}
