"""The only thing a model sees of the data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from data.colour import AbScale


@dataclass(frozen=True)
class Batch:
    """Photos on the device, float32, normalised as in colour.py (about −1 to 1)."""

    lightness: Tensor  # (B,1,H,W)
    ab: Tensor  # (B,2,H,W)
    label: Tensor  # (B,) int64; −1: unlabelled
    scale: AbScale
    """What normalised ab stand for."""


class Batches(Protocol):
    """What a loader is to training and validation: the same batches for the same epoch number."""

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number` (from 0), from batch `start` on."""
        ...
