"""A classifier of torchvision with its ImageNet weights, as a judge of colorized photos and as a teacher."""

import functools
from typing import Any, Self

import torch
from torch import Tensor, nn
from torchvision.models import get_model_weights
from torchvision.transforms.functional import center_crop, resize

from models.frozen import freeze
from models.networks.outline import outline
from models.weights import load_state


class ImageNetClassifier(nn.Module):
    """Photos to logits of ImageNet's 1,000 classes. Frozen: always in evaluation mode, gradients reach the photos only.

    Photos are resized, cut to their centre and normalised as torchvision evaluates these weights (for most networks the
    shorter side to 256 px, bilinear with antialiasing, then the centre 224 px), so that the accuracy on true photos is
    the published one.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str) -> None:
        """`name` as torchvision has it. Raises WeightsError without weights, or for those of another network."""
        super().__init__()
        state = load_state(name)
        network: Any = outline(name)
        if hasattr(network, "transform_input"):
            network.transform_input = True  # inception_v3 and googlenet were trained on −1 to 1
        self.network: nn.Module = freeze(network, state, name)
        preset = next(iter(get_model_weights(name))).transforms()
        self._resize = functools.partial(
            resize, size=preset.resize_size, interpolation=preset.interpolation, antialias=preset.antialias
        )
        self._crop_size = preset.crop_size
        self.register_buffer("mean", torch.tensor(preset.mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(preset.std)[:, None, None], persistent=False)
        self.eval()

    def forward(self, rgb: Tensor) -> Tensor:
        """Logits (B,1000) of photos (B,3,H,W) in 0..1."""
        logits: Tensor = self.network(self.prepared(rgb))
        return logits

    def prepared(self, rgb: Tensor) -> Tensor:
        """What the network is shown of photos (B,3,H,W) in 0..1.

        torchvision's own normalisation reads the deviation back from the GPU, which would hold up every training step.
        """
        cut: Tensor = center_crop(self._resize(rgb), self._crop_size)
        return (cut - self.mean) / self.deviation

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode, inside a module that trains too."""
        return super().train(False)


@functools.cache
def imagenet_classifier(name: str, device: torch.device) -> ImageNetClassifier:
    """One for each process, kept for the trials that a worker runs after this one."""
    return ImageNetClassifier(name).to(device)
