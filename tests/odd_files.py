"""Photo files of every kind that people have, each with what should become of it."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from icc_profiles import RGB, adobe_rgb, display_p3, in_srgb, inks
from PIL import Image, ImageCms, ImageDraw

from data.filters import Reason

WIDTH, HEIGHT = 64, 48
Corners = tuple[RGB, RGB, RGB, RGB]
"""Colours in the middle of the quarters: top left, top right, bottom left, bottom right."""
CORNERS: Corners = ((190, 60, 50), (60, 160, 70), (50, 80, 180), (220, 200, 90))
GRAYS: Corners = ((0, 0, 0), (100, 100, 100), (180, 180, 180), (255, 255, 255))
WHITE = (255, 255, 255)
ORIENTATION, ICC_PROFILE = 0x0112, 34675


@dataclass(frozen=True)
class OddFile:
    """A file and what is expected of it."""

    name: str
    content: bytes
    corners: Corners | None
    """What a viewer would show; None: there is nothing to show."""
    reason: Reason | None
    """Why it is no photo to learn from; None: it is one."""


def odd_files() -> list[OddFile]:
    """All of them, by name."""
    kept = {**_channels(), **_turned(), **_sixteen_bits(), **_profiled(), **_containers()}
    return sorted(
        [
            *(OddFile(name, content, corners, None) for name, (content, corners) in kept.items()),
            *(OddFile(name, content, GRAYS, "gray") for name, content in _grays().items()),
            *(OddFile(name, content, None, reason) for name, (content, reason) in _useless().items()),
        ],
        key=lambda file: file.name,
    )


def write_odd_files(folder: Path) -> list[OddFile]:
    """Write them into a new folder."""
    folder.mkdir(parents=True)
    files = odd_files()
    for file in files:
        (folder / file.name).write_bytes(file.content)
    return files


def quartered(corners: Corners = CORNERS, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    """An image of four flat quarters."""
    image = Image.new("RGB", (2, 2))
    image.putdata(corners)
    return image.resize(size, Image.Resampling.NEAREST)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(depth: int, colour_type: int, rows: np.ndarray, before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG of (H,W,C) numbers, with chunks before and after the pixels: Pillow writes no 16-bit colours."""
    height, width = rows.shape[:2]
    lines = rows.astype(">u2" if depth == 16 else "u1").reshape(height, -1)
    pixels = b"".join(b"\0" + line.tobytes() for line in lines)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + before + png_chunk(b"IDAT", zlib.compress(pixels)) + after
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def tiff16(rows: np.ndarray, order: str) -> bytes:
    """An uncompressed TIFF of (H,W,3) numbers of 16 bits, by the order of their bytes: < or >."""
    height, width, _ = rows.shape
    pixels = rows.astype(f"{order}u2").tobytes()
    depths = 8 + len(pixels)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, depths), (262, 4, 1, 2)]
    entries += [(273, 4, 1, 8), (277, 4, 1, 3), (278, 4, 1, height), (279, 4, 1, len(pixels))]
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", depths + 6)
    directory = b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries)
    return head + pixels + struct.pack(f"{order}3HH", 16, 16, 16, len(entries)) + directory + bytes(4)


def _channels() -> dict[str, tuple[bytes, Corners]]:
    """Palettes, transparency, inks."""
    photo = quartered()
    palette = photo.quantize(4)
    hidden = palette.getpixel((WIDTH - 1, HEIGHT - 1))
    one_white = (*CORNERS[:3], WHITE)
    layer = photo.convert("RGBA")
    alpha = Image.new("L", layer.size, 255)
    ImageDraw.Draw(alpha).rectangle((WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT), fill=0)
    ImageDraw.Draw(alpha).rectangle((0, HEIGHT // 2, WIDTH // 2 - 1, HEIGHT), fill=51)
    layer.putalpha(alpha)
    thin = tuple(round(255 - (255 - level) / 5) for level in CORNERS[2])
    over_white = (CORNERS[0], CORNERS[1], thin, WHITE)
    cmyk = _as_inks(photo)
    return {
        "palette.png": (saved(palette, "PNG"), CORNERS),
        "palette.gif": (saved(palette, "GIF"), CORNERS),
        "palette_transparent.gif": (saved(palette, "GIF", transparency=hidden), one_white),
        "palette_transparent.png": (saved(palette, "PNG", transparency=hidden), one_white),
        "one_colour_transparent.png": (saved(photo, "PNG", transparency=CORNERS[3]), one_white),
        "alpha.png": (saved(layer, "PNG"), over_white),
        "alpha.tif": (saved(layer, "TIFF"), over_white),
        "alpha.webp": (saved(layer, "WEBP", lossless=True, exact=True), over_white),
        "cmyk.jpg": (_jpeg(cmyk), CORNERS),
        "cmyk_without_adobe_marker.jpg": (_without_adobe_marker(_jpeg(cmyk)), CORNERS),
        "ycck.jpg": (_ycck(cmyk), CORNERS),
        "cmyk.tif": (saved(cmyk, "TIFF"), CORNERS),
    }


def _turned() -> dict[str, tuple[bytes, Corners]]:
    """Stored lying on its side or mirrored, with the EXIF orientation that mends it."""
    undo = [None, *(Image.Transpose(number) for number in (0, 3, 1, 5, 2, 6, 4))]
    files = {}
    for orientation, turn in enumerate(undo, start=1):
        stored = quartered() if turn is None else quartered().transpose(turn)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        files[f"exif_{orientation}.jpg"] = (_jpeg(stored, exif=exif), CORNERS)
        files[f"exif_{orientation}.tif"] = (saved(stored, "TIFF", exif=exif), CORNERS)
        late = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
        files[f"exif_{orientation}_after_the_pixels.png"] = (png(8, 2, np.asarray(stored), after=late), CORNERS)
    files["exif_damaged.jpg"] = (_jpeg(quartered(), exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"), CORNERS)
    return files


def _sixteen_bits() -> dict[str, tuple[bytes, Corners]]:
    rows = np.asarray(quartered(), dtype=np.uint16) * 257
    opaque = np.full((HEIGHT, WIDTH, 1), 65535, dtype=np.uint16)
    return {
        "rgb16.png": (png(16, 2, rows), CORNERS),
        "rgba16.png": (png(16, 6, np.concatenate([rows, opaque], axis=2)), CORNERS),
        "rgb16_little.tif": (tiff16(rows, "<"), CORNERS),
        "rgb16_big.tif": (tiff16(rows, ">"), CORNERS),
    }


def _profiled() -> dict[str, tuple[bytes, Corners]]:
    """With embedded colour profiles."""
    photo = quartered()
    in_p3, in_adobe = (tuple(in_srgb(colour, space) for colour in CORNERS) for space in ("Display P3", "Adobe RGB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab_of_inks = {(0, 0, 0, 0): (100, 0, 0), (1, 0, 0, 0): (50, 50, 30), (0, 1, 0, 0): (60, -40, 30)}
    lab_of_inks[0, 0, 1, 0] = (40, 10, -40)
    printed = Image.new("CMYK", (2, 2))
    printed.putdata([tuple(255 * part for part in ink) for ink in lab_of_inks])
    printed = printed.resize(photo.size, Image.Resampling.NEAREST)
    press, in_print = inks(lab_of_inks), (WHITE, (200, 76, 72), (74, 162, 88), (77, 91, 160))
    layer = photo.convert("RGBA")
    layer.putalpha(Image.new("L", layer.size, 255))
    return {
        "display_p3.jpg": (_jpeg(photo, icc_profile=display_p3()), in_p3),
        "display_p3_alpha.png": (saved(layer, "PNG", icc_profile=display_p3()), in_p3),
        "display_p3.webp": (saved(photo, "WEBP", lossless=True, icc_profile=display_p3()), in_p3),
        "adobe_rgb.jpg": (_jpeg(photo, icc_profile=adobe_rgb()), in_adobe),
        "adobe_rgb_palette.png": (saved(photo.quantize(4), "PNG", icc_profile=adobe_rgb()), in_adobe),
        "srgb.jpg": (_jpeg(photo, icc_profile=srgb), CORNERS),
        "cmyk_profile.jpg": (_jpeg(printed, icc_profile=press), in_print),
        "cmyk_profile.tif": (saved(printed, "TIFF", tiffinfo={ICC_PROFILE: press}), in_print),
        "profile_damaged.jpg": (_jpeg(photo, icc_profile=display_p3()[:200]), CORNERS),
        "profile_unfit.jpg": (_jpeg(photo, icc_profile=press), CORNERS),
    }


def _containers() -> dict[str, tuple[bytes, Corners]]:
    """Several images in one file, unusual formats, wrong names."""
    photo, second = quartered(), quartered(GRAYS)
    return {
        "pages.tif": (saved(photo, "TIFF", save_all=True, append_images=[second]), CORNERS),
        "png_named.jpg": (saved(photo, "PNG"), CORNERS),
        "progressive.jpg": (_jpeg(photo, progressive=True), CORNERS),
        "bitmap.bmp": (saved(photo, "BMP"), CORNERS),
        "still.webp": (saved(photo, "WEBP", lossless=True), CORNERS),
        "jpeg_in.tif": (saved(photo, "TIFF", compression="jpeg", quality=100), CORNERS),
        "jpeg2000.jp2": (saved(photo, "JPEG2000"), CORNERS),
        "phone.jpg": (saved(quartered(), "MPO", quality=100, save_all=True, append_images=[second]), CORNERS),
    }


def _grays() -> dict[str, bytes]:
    photo = quartered(GRAYS).convert("L")
    rows = np.asarray(photo, dtype=np.uint16)[..., None] * 257
    turned = np.asarray(photo.transpose(Image.Transpose.ROTATE_90), dtype=np.uint16)[..., None] * 257
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return {
        "gray.jpg": _jpeg(photo),
        "gray_in_colour.jpg": _jpeg(photo.convert("RGB")),
        "gray_alpha.png": saved(photo.convert("LA"), "PNG"),
        "gray16.png": png(16, 0, rows),
        "gray16_lying.png": png(16, 0, turned, png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))),
        "gray16_little.tif": saved(Image.fromarray(rows[..., 0].astype("<u2")), "TIFF"),
        "gray16_big.tif": saved(Image.fromarray(rows[..., 0].astype(">u2")), "TIFF"),
    }


def _useless() -> dict[str, tuple[bytes, Reason]]:
    photo, second = quartered(), quartered(CORNERS[::-1])
    frames = {"save_all": True, "append_images": [second], "duration": 100}
    jpeg, lossless = _jpeg(photo), saved(photo, "PNG")
    bomb = png(8, 2, np.zeros((1, 1, 3))).replace(struct.pack(">II", 1, 1), struct.pack(">II", 20_000, 20_000))
    return {
        "animated.gif": (saved(photo, "GIF", **frames), "animated"),
        "animated.png": (saved(photo, "PNG", **frames), "animated"),
        "animated.webp": (saved(photo, "WEBP", lossless=True, **frames), "animated"),
        "empty.jpg": (b"", "unreadable"),
        "truncated.jpg": (jpeg[:-20], "unreadable"),
        "truncated.png": (lossless[:-30], "unreadable"),
        "header_only.jpg": (jpeg[:30], "unreadable"),
        "text.jpg": (b"<html>404 Not Found</html>", "unreadable"),
        "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n%%EndComments\n", "unreadable"),
        "phone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "unreadable"),
        "float.tif": (saved(photo.convert("F"), "TIFF"), "unreadable"),
        "int32.tif": (saved(photo.convert("I"), "TIFF"), "unreadable"),
        "bomb.png": (_with_header_checksum(bomb), "unreadable"),
        "bilevel.png": (saved(photo.convert("1"), "PNG"), "gray"),
        "icon.png": (saved(quartered(size=(3, 3)), "PNG"), "too small"),
        "line.png": (saved(quartered(size=(2000, 20)), "PNG"), "too small"),
        "banner.jpg": (_jpeg(quartered(size=(300, 90))), "extreme aspect"),
    }


def _jpeg(image: Image.Image, **options: object) -> bytes:
    """Flat quarters come back as they were, nearly."""
    return saved(image, "JPEG", quality=100, subsampling="4:4:4", **options)


def _as_inks(photo: Image.Image) -> Image.Image:
    """C = 1 − R and so on, without black: the colours that files without a profile stand for."""
    complement = photo.point(lambda level: 255 - level)
    return Image.merge("CMYK", [*complement.split(), Image.new("L", photo.size, 0)])


def _adobe_marker(jpeg: bytes) -> tuple[int, int]:
    """Where the marker that names the colour model starts and ends."""
    start = jpeg.index(b"\xff\xee\x00\x0eAdobe")
    return start, start + 16


def _without_adobe_marker(jpeg: bytes) -> bytes:
    start, end = _adobe_marker(jpeg)
    return jpeg[:start] + jpeg[end:]


def _ycck(cmyk: Image.Image) -> bytes:
    """A JPEG of inks with C, M, Y stored as luma and chroma: Pillow reads these and writes none.

    The numbers in such a file are the inverted inks; Pillow inverts once more as it writes.
    """
    *colours, black = cmyk.split()
    luma = Image.merge("RGB", colours).convert("YCbCr").point(lambda level: 255 - level)
    jpeg = bytearray(_jpeg(Image.merge("CMYK", [*luma.split(), black])))
    _, end = _adobe_marker(bytes(jpeg))
    jpeg[end - 1] = 2  # the colour model: YCCK
    return bytes(jpeg)


def _with_header_checksum(image: bytes) -> bytes:
    return image[:29] + struct.pack(">I", zlib.crc32(image[12:29])) + image[33:]
