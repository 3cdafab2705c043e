"""The photos that a trial left in its samples.png: a photo a row, gray | colorized by the trial | truth."""

import base64
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2lab

from search.records import Trial

SAMPLES = "samples.png"
GRAY, COLORIZED, TRUTH = 0, 1, 2
"""The columns of samples.png."""
MAX_CELL = 192
"""Pixels a side at which a photo is shown at most."""
STRIP_HEIGHT = 96
Cells = list[list[Image.Image]]
"""Rows of three square images."""


class SamplesError(Exception):
    """A samples.png cannot be shown, with the reason; no error of the user's, the page goes on without it."""


def read_cells(path: Path) -> Cells:
    """Cut a samples.png into its rows of three square cells: gray, colorized, truth.

    Raises:
        SamplesError: there is none, it cannot be decoded, or it is not made of three columns of squares.
    """
    image = _decoded(path)
    width, height = image.size
    cell = width // 3
    if width % 3 or not cell or height % cell:
        raise SamplesError(f"its samples.png of {width}x{height} pixels is not made of rows of three squares")
    return [
        [image.crop((left, top, left + cell, top + cell)) for left in range(0, width, cell)]
        for top in range(0, height, cell)
    ]


def read_lpips(path: Path) -> list[float]:
    """LPIPS of each row of a samples.png to its truth, where the trial measured it; else none."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            values = [float(word) for word in str(image.info.get("lpips", "")).split()]
    except Exception:  # of Pillow's decoders, see below
        return []
    return values if all(map(math.isfinite, values)) else []


def colour_errors(cells: Sequence[Image.Image]) -> NDArray[np.float64]:
    """(H, W) distance of the colorized to the true colour of each pixel in the ab plane of CIELAB."""
    ab, true_ab = (rgb2lab(np.asarray(cells[column]))[..., 1:] for column in (COLORIZED, TRUTH))  # (H, W, 2)
    distances: NDArray[np.float64] = np.linalg.norm(ab - true_ab, axis=-1)
    return distances


def strips(trials: Iterable[Trial]) -> dict[int, str]:
    """By number, the first photo of each trial that left one as one small image: gray, colorized, truth."""
    found = {}
    for trial in trials:
        try:
            row = read_cells(trial.folder / SAMPLES)[0]
        except (SamplesError, IndexError):
            continue
        side = min(row[0].height, STRIP_HEIGHT)
        strip = Image.new("RGB", (3 * side, side))
        for column, image in enumerate(row):
            strip.paste(image.resize((side, side), Image.Resampling.LANCZOS), (column * side, 0))
        found[trial.number] = _data_uri(strip, quality=90)
    return found


def shown(image: Image.Image) -> str:
    """An image as a data URI, without loss but for its size: at most MAX_CELL pixels a side."""
    if image.width > MAX_CELL:
        image = image.resize((MAX_CELL, MAX_CELL), Image.Resampling.LANCZOS)
    return _data_uri(image, lossless=True)


def _data_uri(image: Image.Image, **how: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **how)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _decoded(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.convert("RGB")
    except FileNotFoundError:
        raise SamplesError("it left no samples.png") from None
    # Pillow raises what its decoders raise: SyntaxError for a damaged chunk, struct.error and others for short ones.
    except Exception as error:
        raise SamplesError(f"its samples.png cannot be decoded ({error})") from None
