"""Measuring leaves no trace: networks and random numbers are afterwards as they were."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from models.config.evaluation import EvaluationConfig

_SEED = 0
_DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@contextmanager
def undisturbed(device: torch.device, *networks: nn.Module) -> Iterator[None]:
    """Without gradients, with random numbers of its own; restores modes, buffers (batch statistics) and random state.

    So a trial that is measured once or twice is the same to the last bit.
    """
    modes = [(module, module.training) for network in networks for module in network.modules()]
    buffers = [(buffer, buffer.clone()) for network in networks for buffer in network.buffers()]
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus), torch.no_grad():
        torch.manual_seed(_SEED)
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            for buffer, kept in buffers:
                buffer.copy_(kept)


def set_modes(generator: nn.Module, config: EvaluationConfig) -> None:
    """As the generator is to be measured."""
    generator.train(config.eval_mode == "train")
    if config.dropout_at_eval:
        for module in generator.modules():
            if isinstance(module, _DROPOUT):
                module.train()
