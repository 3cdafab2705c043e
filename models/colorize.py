"""Colorize a photo of any size: its own lightness at full resolution, with the colours that the network predicts.

The network sees the photo at the size that it was trained on; its ab planes are then enlarged. The eye takes detail
from the lightness, so nothing is lost (Zhang et al. 2016 do the same).
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from data.colour import normalise, rgb_to_lab, to_rgb
from data.errors import HuetuneError
from models.training.checkpoint import Trained


class NoColoursError(HuetuneError):
    """The network has no colour decoder."""


@torch.no_grad()
def colorize(photo: Image.Image, trained: Trained) -> Image.Image:
    """The RGB photo in colour, as large as it was. Raises NoColoursError for a trial that learned no colours."""
    generator = trained.generator
    device = next(generator.parameters()).device
    rgb = torch.from_numpy(np.array(photo)).to(device).permute(2, 0, 1)[None] / 255  # (1,3,H,W)
    lightness, _ = normalise(rgb_to_lab(rgb), trained.scale)  # (1,1,H,W)
    small = _resized(lightness, _network_size(photo.height, photo.width, trained))
    ab = generator(small).ab  # (1,2,h,w)
    if ab is None:
        raise NoColoursError("this trial learned to classify only, not to colorize; choose one with loss.l1 above 0")
    colour = to_rgb(lightness, _resized(ab, photo.size[::-1]), trained.scale)[0]  # (3,H,W)
    pixels = (colour * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels)


def _network_size(height: int, width: int, trained: Trained) -> tuple[int, int]:
    """Height and width near the photo's proportions, the shorter about the training's side, multiples of the stride.

    A network with fully connected layers over the whole picture takes only the square that it was trained on.
    """
    side, stride = trained.side, trained.generator.stride
    if trained.num_classes and trained.config.model.head != "pooled":
        return side, side
    steps = side / min(height, width) / stride
    return stride * max(1, round(height * steps)), stride * max(1, round(width * steps))


def _resized(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(planes, size=size, mode="bilinear", antialias=True)
