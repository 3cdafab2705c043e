"""What image metrics look at: pictures of 256 levels, as they would be saved, in one of two spaces."""

from collections.abc import Callable

import torch
from torch import Tensor

from data.colour import AB_SCALES, LIGHTNESS_SCALE, AbScale, denormalise, lab_to_rgb
from models.config.evaluation import MetricSpace


def picture(lightness: Tensor, ab: Tensor, scale: AbScale, space: MetricSpace) -> Tensor:
    """Normalised lightness (B,1,H,W) and ab (B,2,H,W) to uint8 (B,3,H,W); colours outside the space are clipped."""
    return to_uint8(IMAGES[space](denormalise(lightness, ab, scale)))


def to_uint8(image: Tensor) -> Tensor:
    """Nearest of the 256 levels for (B,3,H,W) in 0..1; values outside are clipped. Inverse of `pictures / 255`."""
    return image.mul(255).round().clamp(0, 255).to(torch.uint8)


def _lab01(lab: Tensor) -> Tensor:
    """Lab (B,3,H,W) to L/100 and (ab + 1)/2 of ab normalised as `ab128`, whatever the networks' own normalisation.

    So does the code that the published values of this space come from. Equal steps in it do not look equal, and
    networks for photos have never seen such images: its values compare with one another only.
    """
    lightness, ab = lab[:, :1] / (2 * LIGHTNESS_SCALE), AB_SCALES["ab128"].normalise(lab[:, 1:])
    return torch.cat((lightness, (ab + 1) / 2), dim=1)


IMAGES: dict[MetricSpace, Callable[[Tensor], Tensor]] = {"rgb": lab_to_rgb, "lab01": _lab01}
"""From Lab (B,3,H,W) to an image (B,3,H,W) in 0..1, by the name of the space."""
