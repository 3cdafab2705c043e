"""What the photos of a file look like in numbers: channel means and spreads, and how often each ab bin occurs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.bins import GAMUT_SPACING, gamut_bins
from data.decoding import Image
from data.lab_kernel import LINEAR, compiled, lab_row, linear_row
from data.manifest import Figures, Triple


@dataclass(frozen=True)
class PhotoSums:
    """Of one photo's pixels, or of those of several."""

    num_pixels: int
    sums: NDArray[np.float64]  # (2,6): of R, G, B (0 to 255), L, a and b, and of their squares
    ab_bins: NDArray[np.int64] = field(repr=False)  # (Q,) pixels in each of gamut_bins()


def photo_sums(photo: Image) -> PhotoSums:
    """Sums over the pixels of a photo (H,W,3)."""
    bins = gamut_bins()
    sums, counts = np.zeros((2, 6)), np.zeros(bins.num_bins, dtype=np.int64)
    _add_pixels(photo, LINEAR, bins.table, np.float32(1 / GAMUT_SPACING), sums, counts)
    return PhotoSums(photo.shape[0] * photo.shape[1], sums, counts)


def total(photos: Iterable[PhotoSums]) -> PhotoSums:
    """The sums over several photos, added in their order."""
    num_pixels, sums, counts = 0, np.zeros((2, 6)), np.zeros(gamut_bins().num_bins, dtype=np.int64)
    for photo in photos:
        num_pixels += photo.num_pixels
        sums += photo.sums
        counts += photo.ab_bins
    return PhotoSums(num_pixels, sums, counts)


def figures(num_photos: int, sums: PhotoSums) -> Figures:
    """Means and standard deviations from sums."""
    means, squares = sums.sums / max(sums.num_pixels, 1)
    stds = np.sqrt((squares - means**2).clip(min=0))
    return Figures(
        num_photos=num_photos,
        rgb_mean=_triple(means[:3] / 255),
        rgb_std=_triple(stds[:3] / 255),
        lab_mean=_triple(means[3:]),
        lab_std=_triple(stds[3:]),
    )


def _triple(values: NDArray[np.float64]) -> Triple:
    first, second, third = (round(value, 6) for value in values.tolist())
    return first, second, third


@compiled
def _add_pixels(photo: Any, linear: Any, table: Any, per_spacing: np.float32, sums: Any, counts: Any) -> None:
    """Add the pixels of a photo (H,W,3) to sums (2,6) and to the counts of their bins (Q,)."""
    height, width, _ = photo.shape
    light = np.empty((3, width), np.float32)
    lab = np.empty((3, width), np.float32)
    offset = table.shape[0] // 2
    for row in range(height):
        linear_row(photo[row], False, linear, light)
        lab_row(light, lab[0], lab[1], lab[2])
        for channel in range(3):
            level_sum, level_squares = np.int64(0), np.int64(0)
            value_sum, value_squares = np.float64(0), np.float64(0)
            for column in range(width):
                level, value = np.int64(photo[row, column, channel]), np.float64(lab[channel, column])
                level_sum += level
                level_squares += level * level
                value_sum += value
                value_squares += value * value
            sums[0, channel] += level_sum
            sums[1, channel] += level_squares
            sums[0, 3 + channel] += value_sum
            sums[1, 3 + channel] += value_squares
        for column in range(width):
            a = int(np.floor(lab[1, column] * per_spacing + np.float32(0.5)))
            b = int(np.floor(lab[2, column] * per_spacing + np.float32(0.5)))
            counts[table[offset + a, offset + b]] += 1
