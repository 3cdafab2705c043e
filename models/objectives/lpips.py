"""The Learned Perceptual Image Patch Similarity (Zhang et al. 2018, version 0.1): how different two photos look."""

import inspect
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torchmetrics.functional.image import lpips as published
from torchmetrics.functional.image.lpips import _LPIPS  # its public function cannot do without a download

from models.config.evaluation import LPIPS_BACKBONES
from models.frozen import freeze
from models.weights import State, load_state, read_checkpoint


class Lpips(nn.Module):
    """sRGB (B,3,H,W) in 0..1, twice, to a distance for each pair (B,); H and W from 32 up."""

    def __init__(self, network: Literal["alex", "vgg"]) -> None:
        super().__init__()
        with torch.device("meta"):  # its weights are about to be replaced
            self.network = _LPIPS(pretrained=False, net=network, pnet_rand=True)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        distances: Tensor = self.network(first, second, normalize=True)  # (B,1,1,1)
        return distances.flatten()


@cache
def lpips_network(network: Literal["alex", "vgg"]) -> Lpips:
    """The one of this process, whether it is a loss, a metric or both. Raises WeightsError as build_lpips."""
    return build_lpips(network)


def build_lpips(network: Literal["alex", "vgg"]) -> Lpips:
    """LPIPS on the CPU, frozen, differentiable in its inputs: ImageNet's backbone under the published linear layers.

    Raises WeightsError without the backbone's weights.
    """
    name = LPIPS_BACKBONES[network]
    distance = Lpips(network)
    slices = [key for key in distance.state_dict() if key.startswith("network.net.")]
    backbone = load_state(name)
    # network.net.slice2.4.weight is torchvision's features.4.weight
    state = {key: backbone[known] for key in slices if (known := f"features.{key.split('.', 3)[3]}") in backbone}
    return freeze(distance, state | _linear_layers(network), name)


def _linear_layers(network: Literal["alex", "vgg"]) -> State:
    """The learned weights of the channels, which torchmetrics carries."""
    path = Path(inspect.getfile(published)).parent / "lpips_models" / f"{network}.pth"
    state: State = {}
    for key, weight in read_checkpoint(path).items():
        state[f"network.{key}"] = weight
        state[f"network.{key.replace('lin', 'lins.', 1)}"] = weight  # the same layer, once more in a list
    return state
