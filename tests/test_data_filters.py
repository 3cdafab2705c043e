import io

import numpy as np
import pytest
from PIL import Image

from data.errors import DataError
from data.filters import is_gray, usable
from data.images import centre_square, decode, encode
from data.parallel import in_order, untracked
from data.sources.photo import Photo


def gradient(width: int = 96, height: int = 64) -> Image.Image:
    """Red grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_each_fault_is_dropped_and_counted():
    colour = saved(gradient())
    gray = gradient().convert("L")
    photos = [
        Photo("a", "x", colour),
        Photo("b", "y", colour),
        Photo("c", "x", saved(gray)),
        Photo("d", "x", saved(gray.convert("RGB"), quality=40)),
        Photo("e", "x", colour[: len(colour) // 2]),
        Photo("f", "x", b"not a photo"),
        Photo("g", "x", saved(gradient(), "PNG")),
    ]
    kept, dropped = usable(photos, num_workers=2, track=untracked)
    assert [photo.id for photo in kept] == ["a", "g"]
    assert dropped == {"corrupt": 2, "gray": 2, "duplicate": 1}


@pytest.mark.parametrize(("red", "expected"), [(120, True), (128, True), (129, False)])
def test_gray_within_a_tolerance_of_eight_levels(red: int, expected: bool):
    assert is_gray(Image.new("RGB", (8, 8), (red, 120, 120))) is expected


def test_one_coloured_pixel_makes_a_photo_coloured():
    image = Image.new("RGB", (64, 64), (90, 90, 90))
    image.putpixel((5, 5), (90, 120, 90))
    assert not is_gray(image)


def test_decode_turns_the_photo_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held a quarter turn to the left
    assert decode(saved(gradient(96, 64), exif=exif), 64).size == (64, 96)


def test_decode_of_a_large_jpeg_stays_above_the_side_asked_for():
    assert decode(saved(gradient(1024, 512)), 100).size == (256, 128)


def test_decode_refuses_what_is_no_photo():
    with pytest.raises(DataError, match="not a readable photo"):
        decode(b"GIF89a" + bytes(10), 64)


def test_centre_square_keeps_the_middle():
    square = centre_square(gradient(96, 64), 32)
    assert square.size == (32, 32)
    left, right = np.asarray(square)[16, [0, -1], 0].astype(int)
    assert abs(left - 255 * 16 / 96) < 6  # the outer 16 of 96 columns are cut off on both sides
    assert abs(right - 255 * 80 / 96) < 6


def test_jpegs_keep_full_chroma_resolution():
    encoded = encode(gradient(32, 32), 95)
    layers = Image.open(io.BytesIO(encoded)).layer  # (id, horizontal, vertical sampling, table)
    assert [(layer[1], layer[2]) for layer in layers] == [(1, 1)] * 3


def test_raw_is_the_pixels():
    assert encode(gradient(32, 32), None) == np.asarray(gradient(32, 32)).tobytes()


def test_in_order_keeps_order_and_reads_little_ahead():
    taken = []
    results = in_order(lambda number: number * number, (taken.append(n) or n for n in range(100)), num_workers=2)
    assert next(results) == 0
    assert len(taken) == 9
    assert list(results) == [n * n for n in range(1, 100)]
