"""Which photos are of no use: unreadable ones, gray ones, and copies of another."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from PIL import Image

from data.errors import DataError
from data.images import decode
from data.parallel import Track, in_order
from data.sources.photo import Photo

CORRUPT, GRAY, DUPLICATE = "corrupt", "gray", "duplicate"

GRAY_TOLERANCE = 8
"""Levels of 255 by which R, G and B may differ in a gray photo: what JPEG's rounding of chroma leaves."""
_INSPECTED_PX = 128


def is_gray(image: Image.Image) -> bool:
    """Whether R, G and B are nearly equal in every pixel, whatever the mode of the file said. Sepia is a colour."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.int16)  # (H,W,3)
    return bool((pixels.max(axis=2) - pixels.min(axis=2)).max() <= GRAY_TOLERANCE)


def usable(photos: Sequence[Photo], num_workers: int, track: Track) -> tuple[list[Photo], dict[str, int]]:
    """The photos worth learning from, in order, and how many were dropped for each reason.

    Of several photos with the same bytes the first one stays, whatever the classes of the others.
    """
    kept: list[Photo] = []
    dropped = Counter({CORRUPT: 0, GRAY: 0, DUPLICATE: 0})
    seen: set[bytes] = set()
    inspections = in_order(_inspect, photos, num_workers)
    for photo, (digest, reason) in zip(photos, track(inspections, "inspecting", len(photos)), strict=True):
        if reason is None and digest in seen:
            reason = DUPLICATE
        if reason is None:
            seen.add(digest)
            kept.append(photo)
        else:
            dropped[reason] += 1
    return kept, dict(dropped)


def _inspect(photo: Photo) -> tuple[bytes, str | None]:
    """The hash of a photo's bytes, and the reason to drop it for what it is by itself, if any."""
    try:
        content = photo.read()
        image = decode(content, _INSPECTED_PX)
    except (OSError, DataError):
        return b"", CORRUPT
    return hashlib.sha256(content).digest(), GRAY if is_gray(image) else None
