"""Single photos: open, decode, cut to a square, encode."""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from data.errors import DataError
from data.icc import to_srgb

Mode = Literal["jpg", "raw"]

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
"""What photos come in; Pillow knows more, among them one that it passes on to another program (EPS)."""
_ALBUMS = ("MPO", "TIFF")
"""Formats whose further images are a phone's second view or pages, not what comes later in time."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a photo upright, by its EXIF orientation."""

_warning_filters = threading.Lock()


class AnimatedError(DataError):
    """The file is an animation."""


def decode(content: bytes, shorter_side: int | None = None) -> Image.Image:
    """An upright sRGB image (mode RGB) of a photo file's bytes, whole or not much larger than `shorter_side` asks for.

    The first image of a file with several pages; transparent parts are white; an embedded colour profile is applied.

    Raises:
        AnimatedError: the file is an animation.
        DataError: the bytes are no photo that Pillow can read, or damaged.
    """
    return upright_rgb(open_photo(content), shorter_side)


def open_photo(content: bytes) -> Image.Image:
    """A photo of which only the header has been read: its size is known, before any turn that its EXIF asks for.

    Raises:
        AnimatedError: the file is an animation.
        DataError: the bytes are no photo that Pillow can read, or one of more than 179 million pixels.
    """
    with _one_line_faults(content):
        with _quiet_pillow():
            photo = Image.open(io.BytesIO(content), formats=_FORMATS)
        if photo.format not in _ALBUMS and getattr(photo, "is_animated", False):
            raise AnimatedError(f"an animated {photo.format}")
    return photo


def upright_rgb(photo: Image.Image, shorter_side: int | None = None) -> Image.Image:
    """The pixels of an opened photo, upright, as sRGB (mode RGB).

    With `shorter_side`, a JPEG is decoded at 1/2, 1/4 or 1/8 of its size where its sides still stay at so many pixels
    or above, which is faster and loses nothing that a later resize would keep. All of the file is read, so a
    truncated one is noticed.

    Raises:
        DataError: the file is damaged, or its pixels have no meaning as colours.
    """
    with _one_line_faults():
        if shorter_side is not None:
            photo.draft(None, (shorter_side, shorter_side))
        photo.load()
        turn = _TURNS.get(_orientation(photo))
        image = _srgb(photo if turn is None else photo.transpose(turn), photo.info.get("icc_profile"))
        image.info = {}  # profile and orientation are dealt with: saved along with a copy, they would be taken twice
        return image


def upright_size(photo: Image.Image, stored: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a decoded photo once upright, from those before; a PNG may end with its EXIF."""
    width, height = stored
    return (height, width) if _orientation(photo) >= 5 else (width, height)


def _orientation(photo: Image.Image) -> int:
    """1 to 8; 1, upright, also where the EXIF data are damaged."""
    try:
        with _quiet_pillow():
            orientation = photo.getexif().get(ExifTags.Base.Orientation)
    except MemoryError:
        raise
    except Exception:  # as on damaged pixels, Pillow raises almost anything
        return 1
    return orientation if orientation in _TURNS else 1


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    image = _eight_bit(image)
    if not image.has_transparency_data:
        return _opaque_srgb(image, profile)
    layer = image.convert("RGBA")
    white = Image.new("RGB", layer.size, "white")
    white.paste(_opaque_srgb(layer.convert("RGB"), profile), mask=layer.getchannel("A"))
    return white


def _opaque_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        return to_srgb(image if image.mode in ("L", "CMYK") else image.convert("RGB"), profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit gray at 8 bits; Pillow's own conversion would make all above 255 white."""
    if image.mode in ("I", "F"):
        raise DataError("32-bit pixels, of which no one knows how bright white is; save it with 8 or 16 bits")
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image) // 257).astype(np.uint8))


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Without Pillow's warnings about large files and odd tags; the filters are the process's, hence the lock."""
    with _warning_filters, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


@contextmanager
def _one_line_faults(content: bytes = b"") -> Iterator[None]:
    """Pillow's errors as a DataError of one line, the same for the same file each time."""
    try:
        yield
    except (MemoryError, DataError):
        raise
    except UnidentifiedImageError as error:  # its text holds a memory address
        raise DataError(_unidentified(content)) from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise DataError(" ".join(str(error).split()) or type(error).__name__) from error


def _unidentified(content: bytes) -> str:
    if not content:
        return "an empty file"
    if content[4:8] == b"ftyp":  # ISO media: HEIC, where it is not AVIF
        return "HEIC or a video, which cannot be read; convert it to JPEG"
    return f"no image in a known format ({', '.join(_FORMATS)})"


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
