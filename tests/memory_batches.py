"""Batches in memory, for tests of the training that need no file."""

from collections.abc import Generator, Iterator

import numpy as np
import torch

from data.batch import Batch, Photos
from data.colour import AB_SCALES

BATCH_SIZE = 4


class MemoryBatches:
    """`num_batches` of 4 smooth random images of `side` pixels in 3 classes; another epoch, another order."""

    def __init__(self, num_batches: int = 2, side: int = 32) -> None:
        self.num_samples, self._side = num_batches * BATCH_SIZE, side

    def num_batches(self, photos: Photos | None = None) -> int:
        return (self.num_samples if photos is None else len(photos)) // BATCH_SIZE

    def epoch(self, number: int, start: int = 0, photos: Photos | None = None) -> Generator[Batch]:
        chosen = np.arange(self.num_samples) if photos is None else photos
        shuffled = np.random.default_rng(number).permutation(chosen).tolist()
        for step in range(start, self.num_batches(photos)):
            yield self._batch(shuffled[step * BATCH_SIZE : (step + 1) * BATCH_SIZE])

    def in_file_order(self) -> Iterator[Batch]:
        for start in range(0, self.num_samples, BATCH_SIZE):
            yield self._batch(list(range(start, start + BATCH_SIZE)))

    def _batch(self, photos: list[int]) -> Batch:
        coarse = torch.stack([_noise(photo) for photo in photos])
        smooth = torch.nn.functional.interpolate(coarse, size=self._side, mode="bilinear")
        return Batch(smooth[:, :1], smooth[:, 1:] / 2, torch.tensor(photos) % 3, AB_SCALES["ab110"])


def _noise(photo: int) -> torch.Tensor:
    """(3,4,4) in −1..1."""
    return torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(100 + photo)) * 2 - 1
