"""From stored bytes to what a model sees: one batched function on the device."""

import torch
from torch import Tensor
from torch.nn import functional

from data.colour import normalise, rgb_to_lab


def prepare(images: Tensor, flips: Tensor, image_size: int | None = None) -> tuple[Tensor, Tensor]:
    """Flip, resize where asked, convert to Lab, normalise.

    Args:
        images: (B,H,W,3) uint8 sRGB.
        flips: (B,) bool, on the same device: which images to mirror left to right.
        image_size: pixels, below H; None: as they are.

    Returns:
        lightness (B,1,h,w) and ab (B,2,h,w), float32, normalised.
    """
    flipped = torch.where(flips[:, None, None, None], images.flip(2), images)
    rgb = flipped.permute(0, 3, 1, 2).contiguous().float() / 255  # (B,3,H,W)
    if image_size is not None and image_size != rgb.shape[-1]:
        rgb = functional.interpolate(rgb, size=(image_size, image_size), mode="bilinear", antialias=True)
    return normalise(rgb_to_lab(rgb))
