"""Photos of every kind that people have, decoded as they would expect."""

import io

import numpy as np
from PIL import Image

from data.images import decode


def content(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_photo_that_lies_on_its_side_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90°
    assert decode(content(Image.new("RGB", (60, 30), "gray"), "JPEG", exif=exif)).size == (30, 60)


def test_sixteen_bits_keep_their_grays():
    levels = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    assert np.asarray(decode(content(Image.fromarray(levels), "PNG")))[..., 0].tolist() == [[0, 100, 255]]


def test_whole_photo_is_decoded_unless_a_smaller_one_will_do():
    photo = content(Image.new("RGB", (800, 400), "gray"), "JPEG")
    assert decode(photo).size == (800, 400)
    assert decode(photo, shorter_side=100).size == (200, 100)
