"""ICC profiles written from the specification (ICC.1:2010), and what their colours are in sRGB by plain colorimetry."""

import itertools
import struct

import numpy as np

RGB = tuple[int, int, int]
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
"""Colorants adapted to D50 as the published profiles have them: red, green, blue in XYZ."""
PRIMARIES = {
    "sRGB": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "Display P3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    "Adobe RGB": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
"""Chromaticities xy; all of them with the white of D65."""


def display_p3() -> bytes:
    return _display(DISPLAY_P3, struct.pack(">4sIHH5i", b"para", 0, 3, 0, *map(_fixed, SRGB_CURVE)))


def adobe_rgb() -> bytes:
    return _display(ADOBE_RGB, struct.pack(">4sIHHi", b"para", 0, 0, 0, _fixed(563 / 256)))


def inks(lab_of_inks: dict[tuple[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """A CMYK profile by the Lab colours of whole inks; inks that are not named are black."""
    ramp = bytes(range(256))
    table = bytearray()
    for ink in itertools.product((0, 1), repeat=4):
        lightness, a, b = lab_of_inks.get(ink, (0, 0, 0))
        table += bytes((round(lightness * 2.55), a + 128, b + 128))
    identity = [65536 if row == column else 0 for row in range(3) for column in range(3)]
    lut = struct.pack(">4sI4B9i", b"mft1", 0, 4, 3, 2, 0, *identity) + 4 * ramp + table + 3 * ramp
    return _profile(b"prtr", b"CMYK", b"Lab ", 2, {b"A2B0": lut})


def in_srgb(colour: RGB, space: str) -> RGB:
    """The sRGB colour that looks as `colour` in "Display P3" or "Adobe RGB", by their definitions."""
    encoded = np.array(colour) / 255
    if space == "Adobe RGB":
        linear = encoded ** (563 / 256)
    else:
        linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.linalg.solve(_to_xyz("sRGB"), _to_xyz(space) @ linear).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (int(level) for level in (srgb * 255).round())
    return red, green, blue


def _to_xyz(space: str) -> np.ndarray:
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in PRIMARIES[space]]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white)


def _display(colorants: tuple[tuple[float, ...], ...], curve: bytes) -> bytes:
    tags = {
        name: struct.pack(">4sI3i", b"XYZ ", 0, *map(_fixed, xyz)) for name, xyz in zip(_XYZ, colorants, strict=True)
    }
    return _profile(b"mntr", b"RGB ", b"XYZ ", 4, tags | dict.fromkeys(_CURVES, curve))


_XYZ, _CURVES = (b"rXYZ", b"gXYZ", b"bXYZ"), (b"rTRC", b"gTRC", b"bTRC")


def _profile(kind: bytes, colours: bytes, connection: bytes, version: int, tags: dict[bytes, bytes]) -> bytes:
    d50 = struct.pack(">3i", *map(_fixed, (0.9642, 1.0, 0.8249)))
    tags = tags | {b"wtpt": struct.pack(">4sI", b"XYZ ", 0) + d50}
    directory, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        directory += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xB3x4s4s4s12x4s28x", start + len(body), version, kind, colours, connection, b"acsp")
    return (header + d50).ljust(128, b"\0") + directory + body


def _fixed(value: float) -> int:
    """s15Fixed16Number."""
    return round(value * 65536)
