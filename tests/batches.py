"""Configurations of loaders, and whole epochs side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

from data.batch import Batch
from data.config import DataConfig

if TYPE_CHECKING:
    from photos import Betons


def config_of(betons: Betons, **changes: object) -> DataConfig:
    return DataConfig.model_validate({"train": betons.train, "val": betons.val, "batch_size": 5} | changes)


def joined(batches: Iterable[Batch]) -> Batch:
    kept = list(batches)  # kept past their turn: buffers that FFCV reuses would show
    parts = (torch.cat([getattr(batch, part) for batch in kept]) for part in ("lightness", "ab", "label"))
    return Batch(*parts, kept[0].scale)


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(getattr(first, part), getattr(second, part)) for part in ("lightness", "ab", "label"))
