"""Photos made by the tests, and the files built from them."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Betons:
    """33 photos of 32 px in 3 classes: 24 to train, 9 to validate."""

    train: Path
    val: Path


def written(folder: Path) -> list[str]:
    """What a build leaves in its folder, apart from its lock."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".huetune.lock")


def _leaf(draw: ImageDraw.ImageDraw, box: Box) -> None:
    draw.ellipse(box, fill=(60, 150, 50))


def _brick(draw: ImageDraw.ImageDraw, box: Box) -> None:
    draw.rectangle(box, fill=(180, 70, 40))


def _sail(draw: ImageDraw.ImageDraw, box: Box) -> None:
    left, top, right, bottom = box
    draw.polygon([(left, bottom), (right, bottom), ((left + right) // 2, top)], fill=(70, 90, 190))


SHAPES: dict[str, Callable[[ImageDraw.ImageDraw, Box], None]] = {"brick": _brick, "leaf": _leaf, "sail": _sail}


def make_photo(name: str, number: int) -> Image.Image:
    """A soft coloured shape before a sky that fades downwards, 64 × 48 px; the class decides shape and colour."""
    place = random.Random(f"{name} {number}")  # noqa: S311
    image = Image.new("RGB", (64, 48))
    draw = ImageDraw.Draw(image)
    for row in range(48):
        draw.line([(0, row), (63, row)], fill=(150 + row, 180 + row // 2, 225 - row))
    left, top, side = place.randint(10, 24), place.randint(2, 14), place.randint(20, 28)
    SHAPES[name](draw, (left, top, left + side, top + side))
    return image.filter(ImageFilter.GaussianBlur(1))
