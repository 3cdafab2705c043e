"""Embedded ICC profiles: what a file's numbers mean as sRGB."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_ROUNDING = 2
"""Levels of 255 by which sRGB profiles differ among each other: their curves are tabulated more or less finely."""


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """An image of mode L, RGB or CMYK as sRGB by its ICC profile; by Pillow's own rule if that is damaged or unfit."""
    transform = _transform(profile, image.mode)
    return image.convert("RGB") if transform is None else transform.apply(image)


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Made once for each profile, as most photos of a camera share one; None: nothing to convert by it."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
    return None if mode == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether the profile is sRGB, seen by what it does to 216 colours: its name may say anything."""
    colours = np.stack(np.meshgrid(*[np.arange(0, 256, 51, dtype=np.uint8)] * 3), axis=-1).reshape(1, -1, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= _ROUNDING)
