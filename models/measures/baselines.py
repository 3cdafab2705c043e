"""What any colorizer must beat, and what none can: colours that nobody had to predict (Zhang et al. 2016, table 1)."""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from data.batch import Batch, Batches
from models.networks.colorizer import Prediction


def gray(batch: Batch) -> Prediction:
    """No colour at all."""
    return Prediction([], torch.zeros_like(batch.ab))


def truth(batch: Batch) -> Prediction:
    return Prediction([], batch.ab)


class RandomColours:
    """To each photo the ab of another one, drawn at random without return.

    others: training photos, of the size and normalisation of those to colorize; the same draw for the same file.
    """

    def __init__(self, others: Batches) -> None:
        self._abs = _one_by_one(others)

    def __call__(self, batch: Batch) -> Prediction:
        return Prediction([], torch.stack([next(self._abs) for _ in batch.ab]))


def _one_by_one(photos: Batches) -> Iterator[Tensor]:
    """ab (2,H,W) in random order, one pass after the other."""
    for number in itertools.count():
        for batch in photos.epoch(number):
            yield from batch.ab
