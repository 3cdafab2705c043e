"""The CPU's way from decoded bytes to what a model sees: flip, Lab and normalisation in one pass over a photo.

The same numbers as `colour.rgb_to_lab` within 1e-3 Lab units, over ten times as fast as its torch operations on a CPU.
What makes it so: a table for the sRGB curve (256 levels are all there are), a cube root without `pow`, no temporary
larger than a row, and loops that the compiler turns into vector instructions, 16 pixels at once.
"""

from typing import Any

import numpy as np
from numba import njit

from data.colour import RELATIVE_XYZ_FROM_RGB

_F = np.float32
_LEVELS = np.arange(256) / 255
LINEAR = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92).astype(np.float32)
"""Linear light of each sRGB level."""

(_XR, _XG, _XB), (_YR, _YG, _YB), (_ZR, _ZG, _ZB) = ((_F(weight) for weight in row) for row in RELATIVE_XYZ_FROM_RGB)
_THIRD_OF_THE_EXPONENT = np.int32(709_921_077)

# Machine code that runs without Python's lock. Not kept on the disk: that saves half a second a process, but numba does
# not see when a function that another one calls has changed.
compiled = njit(nogil=True, fastmath=True, error_model="numpy")


@compiled
def cube_root(value: np.float32) -> np.float32:
    """Of a value above 0, to float32's precision: a third of the exponent as a first guess, then two Halley steps."""
    guess = np.int32(np.int32(_F(value).view(np.int32) // np.int32(3)) + _THIRD_OF_THE_EXPONENT).view(np.float32)
    for _ in range(2):
        cubed = guess * guess * guess
        guess = guess * (cubed + value + value) / (cubed + cubed + value)
    return guess


@compiled
def lab_curve(value: np.float32) -> np.float32:
    """CIE 1976's f of a relative X, Y or Z."""
    return cube_root(value) if value > _F(0.008856) else _F(7.787) * value + _F(16 / 116)


@compiled
def linear_row(row: Any, flip: bool, linear: Any, out: Any) -> None:
    """Linear light (3,W) of a row of pixels (W,3) uint8, mirrored where asked."""
    width = len(row)
    for column in range(width):
        source = width - 1 - column if flip else column
        for channel in range(3):
            out[channel, column] = linear[row[source, channel]]


@compiled
def lab_row(linear: Any, lightness: Any, a: Any, b: Any) -> None:
    """L, a and b (W,) in Lab units of a row of linear light (3,W)."""
    for column in range(linear.shape[1]):
        red, green, blue = linear[0, column], linear[1, column], linear[2, column]
        x = lab_curve(_XR * red + _XG * green + _XB * blue)
        y = lab_curve(_YR * red + _YG * green + _YB * blue)
        z = lab_curve(_ZR * red + _ZG * green + _ZB * blue)
        lightness[column] = _F(116) * y - _F(16)
        a[column] = _F(500) * (x - y)
        b[column] = _F(200) * (y - z)


@compiled
def normalised_lab(
    image: Any, flip: bool, linear: Any, positive: np.float32, negative: np.float32, lightness: Any, ab: Any
) -> None:
    """Write normalised lightness (H,W) and ab (2,H,W) of a photo (H,W,3) uint8.

    linear: LINEAR. positive, negative: the Lab units that 1 and −1 of ab stand for.
    """
    height, width, _ = image.shape
    light = np.empty((3, width), np.float32)
    over, under = _F(1) / positive, _F(1) / negative
    for row in range(height):
        linear_row(image[row], flip, linear, light)
        lab_row(light, lightness[row], ab[0, row], ab[1, row])
        for column in range(width):
            lightness[row, column] = lightness[row, column] * _F(0.02) - _F(1)
            a, b = ab[0, row, column], ab[1, row, column]
            ab[0, row, column] = a * (over if a > 0 else under)
            ab[1, row, column] = b * (over if b > 0 else under)
