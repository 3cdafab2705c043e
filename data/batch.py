"""The only thing a model sees of the data."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from data.colour import AbScale

Photos = NDArray[np.int64]
"""Numbers of photos in the labelled file."""


@dataclass(frozen=True)
class Batch:
    """Photos on the device, float32, normalised as in colour.py (about −1 to 1)."""

    lightness: Tensor  # (B,1,H,W)
    ab: Tensor  # (B,2,H,W)
    label: Tensor  # (B,) int64; −1: unlabelled
    scale: AbScale
    """What normalised ab stand for."""

    def split(self, num_parts: int) -> list["Batch"]:
        """The batch in parts of nearly the same size, at most so many; each with its share of the unlabelled photos."""
        num_parts = min(num_parts, len(self.label))
        return [self[first::num_parts] for first in range(num_parts)]

    def __getitem__(self, photos: slice) -> "Batch":
        return Batch(self.lightness[photos], self.ab[photos], self.label[photos], self.scale)


class Batches(Protocol):
    """What a loader is to training and validation: the same batches for the same epoch number."""

    @property
    def num_samples(self) -> int:
        """Photos of the labelled file."""
        ...

    def num_batches(self, photos: Photos | None = None) -> int:
        """Batches of one epoch over `photos`, by default all."""
        ...

    def epoch(self, number: int, start: int = 0, photos: Photos | None = None) -> Generator[Batch]:
        """To train on: the batches of epoch `number` (from 0), from batch `start` on, over `photos`, by default all."""
        ...

    def in_file_order(self) -> Iterator[Batch]:
        """To measure on: every photo of the labelled file once, whole and as it is; the last batch may be smaller."""
        ...
