"""Networks that only judge: in evaluation mode, never trained, their weights those of a published file."""

from typing import TypeVar

import torch
from torch import nn

from models.weights import State, WeightsError

Network = TypeVar("Network", bound=nn.Module)


def freeze(network: Network, state: State, name: str) -> Network:
    """Give a network its weights, which replace whatever it held, and keep it as it then is.

    Raises WeightsError if they are not those of this network.
    """
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise WeightsError(
            f"the {name} weights that were found belong to another network: replace their file in TORCH_HOME"
        ) from error
    return network.eval().requires_grad_(False)


def placed(network: Network, device: torch.device) -> Network:
    """The same network, on the device: nothing happens where it is there already."""
    return network if next(network.parameters()).device == device else network.to(device)
