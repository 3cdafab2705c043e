"""A batch from the numbers of its photos: decoded in a thread, as tensors of the CPU or ready for a GPU to copy."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.batch import Batch
from data.colour import AbScale
from data.decoding import BetonImages
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
class Staged:
    """Decoded photos in page-locked memory, from which a GPU copies by itself."""

    images: Tensor  # (B,H,W,3) uint8
    flips: Tensor  # (B,) bool
    labels: Tensor  # (B,) int64

    def to(self, device: torch.device, scale: AbScale) -> Batch:
        images, flips, labels = (part.to(device, non_blocking=True) for part in (self.images, self.flips, self.labels))
        return Batch(*prepare(images, flips, scale), labels, scale)


def stage(choice: Choice, side: int) -> Staged:
    """Decode `choice` at `side` × `side` pixels for a GPU."""
    pin = torch.cuda.is_available()
    images = torch.empty(_num_photos(choice), side, side, 3, dtype=torch.uint8, pin_memory=pin)
    into = iter(images.numpy())
    for chosen in choice:
        for number in chosen.order.numbers.tolist():
            chosen.images.decode(number, next(into))
    flips = torch.from_numpy(np.concatenate([chosen.order.flips for chosen in choice]))
    labels = _labels(choice)
    return Staged(images, flips.pin_memory(), labels.pin_memory()) if pin else Staged(images, flips, labels)


def assemble(choice: Choice, side: int, scale: AbScale) -> Batch:
    """Decode `choice` at `side` × `side` pixels into a batch on the CPU, photo by photo while the cache holds it."""
    num_photos = _num_photos(choice)
    lightness, ab = torch.empty(num_photos, 1, side, side), torch.empty(num_photos, 2, side, side)
    into = zip(lightness.numpy()[:, 0], ab.numpy(), strict=True)
    ends = np.float32(scale.positive), np.float32(scale.negative)
    photo = np.empty((side, side, 3), np.uint8)
    for chosen in choice:
        for number, flip in zip(chosen.order.numbers.tolist(), chosen.order.flips.tolist(), strict=True):
            chosen.images.decode(number, photo)
            normalised_lab(photo, flip, LINEAR, *ends, *next(into))
    return Batch(lightness, ab, _labels(choice), scale)


def _num_photos(choice: Choice) -> int:
    return sum(len(chosen.labels) for chosen in choice)


def _labels(choice: Choice) -> Tensor:
    return torch.from_numpy(np.concatenate([chosen.labels for chosen in choice]))
