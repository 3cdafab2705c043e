"""Between sRGB and CIE Lab (D65, 2° observer), on tensors of any device, with the constants of scikit-image.

Only elementwise arithmetic: a matrix product would fall to TF32 or to half precision where training allows those, and
lose whole Lab units. Every power has its base clamped, so that gradients stay finite on both sides of each `where`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from data.config import Normalisation

# IEC 61966-2-1 primaries, and the D65 white point for the 2° observer (ASTM E308).
_XYZ_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
RELATIVE_XYZ_FROM_RGB: list[list[float]] = (_XYZ_FROM_RGB / _WHITE[:, None]).tolist()
_RGB_FROM_RELATIVE_XYZ: list[list[float]] = (np.linalg.inv(_XYZ_FROM_RGB) * _WHITE).tolist()


@dataclass(frozen=True)
class AbScale:
    """What 1 and −1 of normalised ab stand for, in Lab units."""

    positive: float
    negative: float

    def normalise(self, ab: Tensor) -> Tensor:
        """Lab units to about −1 to 1."""
        return ab / torch.where(ab > 0, self.positive, self.negative)

    def denormalise(self, ab: Tensor) -> Tensor:
        """The inverse of normalise, in float32."""
        ab = ab.float()
        return ab * torch.where(ab > 0, self.positive, self.negative)


AB_SCALES: dict[Normalisation, AbScale] = {"ab110": AbScale(110.0, 110.0), "ab128": AbScale(127.0, 128.0)}
"""The seeds' two: ab/110, and the range of a signed byte. The gamut reaches from −107.9 to 98.3."""
LIGHTNESS_SCALE = 50.0


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """sRGB (B,3,H,W) in [0, 1] to Lab (B,3,H,W), float32: L in [0, 100], a and b within ±110."""
    if not rgb.is_floating_point():
        raise TypeError(f"colours must be floating-point numbers from 0 to 1, got {rgb.dtype}: divide bytes by 255")
    rgb = rgb.float()
    linear = torch.where(rgb > 0.04045, ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = _mix(RELATIVE_XYZ_FROM_RGB, linear)
    x, y, z = torch.where(xyz > 0.008856, xyz.clamp(min=0.008856) ** (1 / 3), 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Lab (B,3,H,W) to sRGB (B,3,H,W), float32, clipped to the gamut [0, 1]."""
    lightness, a, b = lab.float().unbind(1)
    y = (lightness + 16) / 116
    roots = torch.stack((y + a / 500, y, (y - b / 200).clamp(min=0)), dim=1)
    xyz = torch.where(roots > 0.2068966, roots**3, (roots - 16 / 116) / 7.787)
    linear = _mix(_RGB_FROM_RELATIVE_XYZ, xyz)
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, 12.92 * linear).clamp(0, 1)


def normalise(lab: Tensor, scale: AbScale) -> tuple[Tensor, Tensor]:
    """Lab (B,3,H,W) to what networks see: lightness (B,1,H,W) in [−1, 1] and ab (B,2,H,W) within ±1."""
    return lab[:, :1] / LIGHTNESS_SCALE - 1, scale.normalise(lab[:, 1:])


def denormalise(lightness: Tensor, ab: Tensor, scale: AbScale) -> Tensor:
    """The inverse of normalise: Lab (B,3,H,W), float32."""
    return torch.cat(((lightness.float() + 1) * LIGHTNESS_SCALE, scale.denormalise(ab)), dim=1)


def to_rgb(lightness: Tensor, ab: Tensor, scale: AbScale) -> Tensor:
    """Normalised lightness (B,1,H,W) and ab (B,2,H,W) to sRGB (B,3,H,W) in [0, 1]."""
    return lab_to_rgb(denormalise(lightness, ab, scale))


def _mix(matrix: list[list[float]], image: Tensor) -> Tensor:
    """The 3×3 matrix applied to the channels of (B,3,H,W)."""
    first, second, third = image.unbind(1)
    return torch.stack([row[0] * first + row[1] * second + row[2] * third for row in matrix], dim=1)
