"""Single photos: decode, cut to a square, encode."""

import io
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from data.errors import DataError

Mode = Literal["jpg", "raw"]


def decode(content: bytes, shorter_side: int | None = None) -> Image.Image:
    """An upright RGB image of a photo file's bytes, whole or, with `shorter_side`, not much larger than needed.

    A JPEG is then decoded at 1/2, 1/4 or 1/8 of its size where its sides still stay at `shorter_side` pixels or above,
    which is faster and loses nothing that a later resize would keep. All of the file is read, so a truncated one is
    noticed.

    Raises:
        DataError: the bytes are no photo that Pillow can read, or damaged.
    """
    try:
        image = Image.open(io.BytesIO(content))
        if shorter_side is not None:
            image.draft(None, (shorter_side, shorter_side))
        return ImageOps.exif_transpose(_eight_bit(image)).convert("RGB")
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise DataError(f"not a readable photo: {error}") from error


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit gray at 8 bits; Pillow's own conversion would make all above 255 white."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))


def centre_square(image: Image.Image, size: int) -> Image.Image:
    """Resize the shorter side to `size` pixels, antialiased (Lanczos), and cut out the centre."""
    return ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)


def encode(image: Image.Image, quality: int | None) -> bytes:
    """A JPEG of full chroma resolution, or for None the (H,W,3) bytes.

    FFCV's own encoder halves the chroma resolution (4:2:0), that is, three quarters of what a colorizer has to learn.
    """
    if quality is None:
        return image.tobytes()
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling="4:4:4")
    return buffer.getvalue()
