"""Optimisers with a group of weights for each part of the networks, and what their learning rates are when."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from models.config.compute import ComputeConfig
from models.config.optimizer import OptimizerConfig
from models.config.phases import PhaseConfig

KINDS: dict[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def build_optimizer(
    config: OptimizerConfig, compute: ComputeConfig, parts: Iterable[tuple[str, nn.Module]]
) -> torch.optim.Optimizer:
    """One group for each part that has weights; its learning rate is set by set_rates."""
    groups: list[dict[str, Any]] = [
        {"params": weights, "part": part} for part, module in parts if (weights := list(module.parameters()))
    ]
    for group in groups:
        if group["part"] == "weighting":
            group["weight_decay"] = 0.0  # decay would pull learned loss weights towards an arbitrary value
    betas = (config.beta1, config.beta2)
    # None, not False: then torch itself chooses between its loops.
    fused = True if compute.fused else None
    return KINDS[config.kind](groups, config.generator_lr, betas, weight_decay=config.weight_decay, fused=fused)


def schedule_factor(config: OptimizerConfig, epoch: int, num_epochs: int) -> float:
    """What is left of a learning rate in epoch `epoch` (from 0) of a phase of `num_epochs`.

    cosine: Loshchilov and Hutter 2017, without restarts, a value for each epoch.
    """
    if config.schedule == "cosine":
        floor = config.final_lr_factor
        return floor + (1 - floor) * (1 + math.cos(math.pi * epoch / num_epochs)) / 2
    if config.schedule == "step":
        steps: int = epoch // config.step_epochs
        return float(config.step_factor**steps)
    return 1.0


def learning_rates(config: OptimizerConfig, phase: PhaseConfig, factor: float, weighting_lr: float) -> dict[str, float]:
    """By part, for those that the phase trains."""
    generator_lr = phase.learning_rates.get("generator", config.generator_lr)
    rates = {part: phase.learning_rates.get(part, generator_lr) for part in ("encoder", "decoder", "head")}
    rates["discriminator"] = phase.learning_rates.get("discriminator", config.discriminator_lr)
    return {part: rate * factor for part, rate in rates.items()} | {"weighting": weighting_lr}


def set_rates(optimizer: torch.optim.Optimizer, rates: Mapping[str, float]) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rates[group["part"]]
