"""Networks of torchvision without their values: built in no time and no memory, and without random numbers."""

import torch
from torch import nn
from torchvision.models import get_model


def outline(name: str) -> nn.Module:
    """A classification network on the meta device: shapes, to be looked at or to be filled."""
    network: nn.Module
    try:
        with torch.device("meta"):
            network = get_model(name, weights=None)
    except NotImplementedError:  # RegNets compute their shapes with tensors
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            network = get_model(name, weights=None).to("meta")
    return network.eval()
