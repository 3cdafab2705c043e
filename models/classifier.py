"""A classifier of torchvision with its ImageNet weights, as a judge of colorized photos and as a teacher."""

import difflib
import functools
from typing import Self

import torch
from torch import Tensor, nn
from torchvision import models

from models.weights import WeightsError, load_state


class ImageNetClassifier(nn.Module):
    """Photos to logits of ImageNet's 1,000 classes. Frozen: always in evaluation mode, gradients reach the photos only.

    Photos are resized, cut to their centre and normalised as torchvision evaluates these weights (for most networks the
    shorter side to 256 px, bilinear with antialiasing, then the centre 224 px), so that the accuracy on true photos is
    the published one.
    """

    def __init__(self, name: str) -> None:
        """`name` as torchvision has it. Raises WeightsError for one that it has not, or without weights that fit."""
        super().__init__()
        known = models.list_models(module=models)
        if name not in known:
            close = ", ".join(difflib.get_close_matches(name, known, n=1, cutoff=0.5)) or "vgg16"
            raise WeightsError(f"torchvision has no classifier {name!r}; did you mean {close}?")
        with torch.device("meta"):  # initial weights would take time and random numbers
            network = models.get_model(name, weights=None)
        try:
            network.load_state_dict(load_state(name), assign=True)
        except RuntimeError as error:  # of several lines, one for each layer
            raise WeightsError(f"the weights found for {name} are of another network: replace the file") from error
        if hasattr(network, "transform_input"):
            network.transform_input = True  # inception_v3 and googlenet were trained on −1 to 1
        self.network = network.requires_grad_(False)
        self.prepare = next(iter(models.get_model_weights(name))).transforms()
        self.eval()

    def forward(self, rgb: Tensor) -> Tensor:
        """Logits (B,1000) of photos (B,3,H,W) in 0..1."""
        logits: Tensor = self.network(self.prepare(rgb))
        return logits

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode, inside a module that trains too."""
        return super().train(False)


@functools.cache
def imagenet_classifier(name: str, device: torch.device) -> ImageNetClassifier:
    """One for each process, kept for the trials that a worker runs after this one."""
    return ImageNetClassifier(name).to(device)
