"""From decoded bytes to what a model sees, on a GPU: one batched function. On a CPU lab_kernel.py does the same."""

import torch
from torch import Tensor

from data.colour import AbScale, normalise, rgb_to_lab


def prepare(images: Tensor, flips: Tensor, scale: AbScale) -> tuple[Tensor, Tensor]:
    """Flip, convert to Lab, normalise.

    Args:
        images: (B,H,W,3) uint8 sRGB.
        flips: (B,) bool, on the same device: which images to mirror left to right.
        scale: what normalised ab stand for.

    Returns:
        lightness (B,1,H,W) and ab (B,2,H,W), float32, normalised.
    """
    flipped = torch.where(flips[:, None, None, None], images.flip(2), images)
    rgb = flipped.permute(0, 3, 1, 2).contiguous().float() / 255  # (B,3,H,W)
    return normalise(rgb_to_lab(rgb), scale)
