"""The photos by which a trial is judged with the eye."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from data.files import replaced_atomically


def as_grid(samples: Tensor) -> Tensor:
    """(rows, columns, 3, H, W) in 0 to 1, to one image (3, rows·H, columns·W)."""
    rows, columns, channels, height, width = samples.shape
    return samples.permute(2, 0, 3, 1, 4).reshape(channels, rows * height, columns * width)


def write_samples(path: Path, samples: Tensor, distances: Sequence[float]) -> None:
    """Write (rows, 3, 3, H, W) as a PNG: a photo a row, gray | colorized | true.

    distances: LPIPS of each, or none; kept inside the PNG as text named `lpips`, a number a row.
    """
    notes = PngInfo()
    if distances:
        notes.add_text("lpips", " ".join(f"{distance:.6g}" for distance in distances))
    pixels = (as_grid(samples) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    with replaced_atomically(path) as scratch:
        Image.fromarray(pixels).save(scratch, format="PNG", pnginfo=notes)
