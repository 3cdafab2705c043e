"""Photos of every kind that people have, decoded as they would expect."""

import io
import warnings

import numpy as np
import pytest
from icc_profiles import display_p3
from odd_files import HEIGHT, WIDTH, OddFile, odd_files, png, png_chunk, quartered, saved
from PIL import Image, ImageCms

from data.errors import DataError
from data.icc import to_srgb
from data.images import AnimatedError, centre_square, decode, encode, open_photo

ODD_FILES = odd_files()
SHOWN = [file for file in ODD_FILES if file.corners is not None]
REFUSED = [file for file in ODD_FILES if file.reason in ("unreadable", "animated")]


def by_name(files: list[OddFile]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", files, ids=[file.name for file in files])


def corners(image: Image.Image) -> np.ndarray:
    """Colours in the middle of the quarters: top left, top right, bottom left, bottom right."""
    return np.asarray(image)[[HEIGHT // 4, 3 * HEIGHT // 4]][:, [WIDTH // 4, 3 * WIDTH // 4]].reshape(4, 3)


def gradient(width: int = 96, height: int = 64) -> Image.Image:
    """Red grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    return Image.fromarray(pixels)


@by_name(SHOWN)
def test_odd_photos_look_as_in_a_viewer(file: OddFile):
    image = decode(file.content)
    assert (image.mode, image.size) == ("RGB", (WIDTH, HEIGHT))
    np.testing.assert_allclose(corners(image), file.corners, atol=3)


@by_name(REFUSED)
def test_what_is_no_photo_is_refused_in_one_line(file: OddFile):
    with pytest.raises(DataError) as refusal:
        decode(file.content)
    assert isinstance(refusal.value, AnimatedError) == (file.reason == "animated")
    assert str(refusal.value)
    assert "\n" not in str(refusal.value)
    with pytest.raises(DataError) as again:
        decode(file.content)
    assert str(again.value) == str(refusal.value)


def test_no_odd_file_makes_pillow_warn(recwarn: pytest.WarningsRecorder):
    warnings.simplefilter("always")
    for file in SHOWN:
        decode(file.content)
    for file in REFUSED:
        with pytest.raises(DataError):
            decode(file.content)
    assert not recwarn.list


def test_photo_of_a_hundred_million_pixels_is_opened_without_a_warning(recwarn: pytest.WarningsRecorder):
    assert open_photo(saved(Image.new("1", (10_000, 10_000)), "PNG")).size == (10_000, 10_000)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC or a video, which cannot be read; convert it to JPEG"),
        (b"GIF89a" + bytes(10), "no image in a known format"),
    ],
)
def test_the_error_says_what_the_file_is(content: bytes, message: str):
    with pytest.raises(DataError, match=f"^{message}"):
        decode(content)


def test_lack_of_memory_is_no_fault_of_the_photo(monkeypatch: pytest.MonkeyPatch):
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", exhausted)
    with pytest.raises(MemoryError):
        decode(saved(gradient(), "PNG"))


def test_transparency_declared_twice_is_white():
    rows = np.zeros((40, 40, 4), dtype=np.uint8)
    rows[..., 0] = 200
    image = decode(png(8, 6, rows, before=png_chunk(b"tRNS", bytes(6))))
    assert image.getpixel((9, 9)) == (255, 255, 255)


def test_sixteen_bits_keep_their_grays():
    levels = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    assert np.asarray(decode(saved(Image.fromarray(levels), "PNG")))[..., 0].tolist() == [[0, 100, 255]]


def test_srgb_profile_leaves_every_pixel_as_it_is():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert to_srgb(gradient(), srgb).tobytes() == gradient().tobytes()


def test_saved_again_a_photo_is_neither_converted_nor_turned_twice():
    exif = Image.Exif()
    exif[0x0112] = 6
    once = decode(saved(quartered(), "PNG", icc_profile=display_p3(), exif=exif))
    assert decode(saved(once, "PNG")).tobytes() == once.tobytes()


def test_jpeg_is_decoded_no_larger_than_needed():
    photo = saved(gradient(1024, 512), "JPEG")
    assert decode(photo).size == (1024, 512)
    assert decode(photo, shorter_side=100).size == (256, 128)


@pytest.mark.parametrize("name", ["cmyk.jpg", "phone.jpg", "display_p3.jpg", "exif_6.jpg"])
def test_colours_at_a_fraction_of_the_size_are_those_of_the_whole(name: str):
    file = next(file for file in ODD_FILES if file.name == name)
    image = decode(file.content, shorter_side=12)
    assert image.size == (WIDTH // 4, HEIGHT // 4)
    np.testing.assert_allclose(corners(image.resize((WIDTH, HEIGHT))), file.corners, atol=3)


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
