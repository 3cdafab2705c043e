"""How different two photos look to a network that was trained on ImageNet."""

from collections.abc import Callable
from functools import cache, partial

import torch
from torch import Tensor, nn
from torchvision.models import vgg16

from data.batch import Batch
from data.colour import to_rgb
from models.frozen import freeze, placed
from models.networks.colorizer import Prediction
from models.objectives.lpips import lpips_network
from models.weights import load_state

RELU2_2 = 8
"""Its place among the layers of torchvision's VGG-16."""


class VggDistance(nn.Module):
    """Mean squared difference at relu2_2 of VGG-16, the layer with which Johnson et al. 2016 sharpen images.

    sRGB (B,3,H,W) in 0..1, twice, to a distance for each pair (B,).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        with torch.device("meta"):  # its weights are about to be replaced
            self.features = vgg16().features[: RELU2_2 + 1]
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406])[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225])[:, None, None], persistent=False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        one, other = (self.features((rgb - self.mean) / self.deviation) for rgb in (first, second))
        distances: Tensor = (one - other).square().mean(dim=(1, 2, 3))
        return distances


class PerceptualLoss:
    """Mean distance of the predicted from the true photos, in sRGB at their own lightness."""

    def __init__(self, network: str) -> None:
        self._network = perceptual_network(network)

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        assert prediction.ab is not None
        predicted = to_rgb(batch.lightness, prediction.ab, batch.scale)
        true = to_rgb(batch.lightness, batch.ab, batch.scale)
        distances: Tensor = placed(self._network, true.device)(predicted, true)  # (B,)
        return distances.mean()


@cache
def perceptual_network(name: str) -> nn.Module:
    """The network of this name, built once for all trials of the process. Raises WeightsError without its weights."""
    return PERCEPTUAL[name]()


def build_vgg_distance() -> VggDistance:
    """On the CPU, frozen. Raises WeightsError without the weights of VGG-16."""
    distance = VggDistance()
    state = load_state("vgg16")
    return freeze(distance, {key: state[key] for key in distance.state_dict() if key in state}, "vgg16")


PERCEPTUAL: dict[str, Callable[[], nn.Module]] = {
    "vgg16": build_vgg_distance,
    "lpips": partial(lpips_network, "vgg"),
}
