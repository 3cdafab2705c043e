"""A batch from the numbers of its photos: decoded in a thread, as tensors of the CPU or ready for a GPU to copy."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.batch import Batch
from data.colour import AbScale
from data.decoding import BetonImages, Image
from data.lab_kernel import LINEAR, normalised_lab
from data.order import Order
from data.prepare import prepare


@dataclass(frozen=True)
class Chosen:
    """Photos of one file."""

    images: BetonImages
    order: Order
    labels: NDArray[np.int64]  # (n,)


Choice = tuple[Chosen, ...]
"""The photos of one batch, file by file."""


@dataclass(frozen=True)
class Frame:
    """What is seen of each photo."""

    side: int
    """Pixels: it is decoded at side × side."""
    crop: int | None = None
    """Pixels of the square that is cut out, where the order says. None: the whole photo."""

    @property
    def pixels(self) -> int:
        """Height and width of what is seen."""
        return self.crop or self.side

    def read(self, images: BetonImages, number: int, corner: NDArray[np.float64], into: Image) -> None:
        """Write what is seen of photo `number` into an array (pixels,pixels,3); corner: (2,), see Order."""
        if self.crop is None:
            images.decode(number, into)
            return
        whole = np.empty((self.side, self.side, 3), np.uint8)
        images.decode(number, whole)
        top, left = (corner * (self.side - self.crop + 1)).astype(int)
        into[:] = whole[top : top + self.crop, left : left + self.crop]


@dataclass(frozen=True)
class Staged:
    """Decoded photos in page-locked memory, from which a GPU copies by itself."""

    images: Tensor  # (B,H,W,3) uint8
    flips: Tensor  # (B,) bool
    labels: Tensor  # (B,) int64

    def to(self, device: torch.device, scale: AbScale) -> Batch:
        images, flips, labels = (part.to(device, non_blocking=True) for part in (self.images, self.flips, self.labels))
        return Batch(*prepare(images, flips, scale), labels, scale)


def stage(choice: Choice, frame: Frame) -> Staged:
    """Decode `choice` for a GPU."""
    pin, pixels = torch.cuda.is_available(), frame.pixels
    images = torch.empty(_num_photos(choice), pixels, pixels, 3, dtype=torch.uint8, pin_memory=pin)
    into = iter(images.numpy())
    for chosen in choice:
        for number, corner in zip(chosen.order.numbers.tolist(), chosen.order.corners, strict=True):
            frame.read(chosen.images, number, corner, next(into))
    flips = torch.from_numpy(np.concatenate([chosen.order.flips for chosen in choice]))
    labels = _labels(choice)
    return Staged(images, flips.pin_memory(), labels.pin_memory()) if pin else Staged(images, flips, labels)


def assemble(choice: Choice, frame: Frame, scale: AbScale) -> Batch:
    """Decode `choice` into a batch on the CPU, photo by photo while the cache holds it."""
    num_photos, pixels = _num_photos(choice), frame.pixels
    lightness, ab = torch.empty(num_photos, 1, pixels, pixels), torch.empty(num_photos, 2, pixels, pixels)
    ends = np.float32(scale.positive), np.float32(scale.negative)
    into = zip(lightness.numpy()[:, 0], ab.numpy(), strict=True)
    photo = np.empty((pixels, pixels, 3), np.uint8)
    for chosen in choice:
        order = chosen.order
        for number, flip, corner in zip(order.numbers.tolist(), order.flips.tolist(), order.corners, strict=True):
            frame.read(chosen.images, number, corner, photo)
            normalised_lab(photo, flip, LINEAR, *ends, *next(into))
    return Batch(lightness, ab, _labels(choice), scale)


def _num_photos(choice: Choice) -> int:
    return sum(len(chosen.labels) for chosen in choice)


def _labels(choice: Choice) -> Tensor:
    return torch.from_numpy(np.concatenate([chosen.labels for chosen in choice]))
