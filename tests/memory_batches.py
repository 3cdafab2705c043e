"""Batches in memory, for tests of the training that need no file."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from data.batch import Batch
from data.colour import AB_SCALES


@dataclass
class MemoryBatches:
    """`num_batches` of 4 smooth random images of `side` pixels in 3 classes; another epoch, another order."""

    num_batches: int = 2
    side: int = 32

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        order = torch.randperm(self.num_batches, generator=torch.Generator().manual_seed(number)).tolist()
        for index in order[start:]:
            yield self._batch(index)

    def _batch(self, index: int) -> Batch:
        coarse = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(100 + index)) * 2 - 1
        smooth = torch.nn.functional.interpolate(coarse, size=self.side, mode="bilinear")
        return Batch(smooth[:, :1], smooth[:, 1:] / 2, torch.arange(4) % 3, AB_SCALES["ab110"])
