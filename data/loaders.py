"""From .beton files to batches on the device, the same ones for the same seed, epoch and step, always."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from data.assembly import Choice, Chosen, assemble, stage
from data.batch import Batch
from data.colour import AB_SCALES
from data.config import DataConfig
from data.decoding import BetonImages
from data.errors import DataError
from data.manifest import MEND, Manifest, check_quick
from data.order import Order, endless, in_file_order, shuffled
from data.parallel import ahead

Labels = NDArray[np.int64]

_LABELLED, _UNLABELLED = 0, 1
"""Words of the random key, so that no pass over the one file has the order of one over the other."""


def open_loader(beton: Path, config: DataConfig, *, training: bool, seed: int, device: torch.device) -> "Loader":
    """Open a .beton for training (shuffled, flipped, whole batches only) or for evaluation (all of it, in file order).

    For training, the share of each batch that the configuration says comes from its file of unlabelled photos.

    Raises:
        DataError: a file or its manifest is missing or damaged, has fewer photos than one training batch needs, or
            stores smaller images than asked for.
    """
    num_unlabelled = config.num_unlabelled if training else 0
    shares = [_open(beton, config.batch_size - num_unlabelled, config.image_size, whole_batches=training)]
    side = config.image_size or shares[0].manifest.size
    if num_unlabelled:
        assert config.unlabelled is not None
        shares.append(_open(config.unlabelled, num_unlabelled, side, whole_batches=True))
    return Loader(shares, side, config, training=training, seed=seed, device=device)


@dataclass(frozen=True)
class _Share:
    """A file, and how many photos of each batch come from it."""

    manifest: Manifest
    images: BetonImages
    num_photos: int


def _open(beton: Path, num_photos: int, image_size: int | None, *, whole_batches: bool) -> _Share:
    manifest = check_quick(beton)
    if whole_batches and manifest.num_samples < num_photos:
        raise DataError(
            f"{beton} has {manifest.num_samples} photos, fewer than one batch of {num_photos}; "
            "lower batch_size or build from more photos"
        )
    if image_size is not None and image_size > manifest.size:
        raise DataError(
            f"image_size {image_size} is above the {manifest.size} px stored in {beton}; lower it or build larger"
        )
    images = BetonImages(beton, manifest.size)
    if not ((images.labels >= -1) & (images.labels < len(manifest.classes))).all():
        raise DataError(f"{beton} has labels of classes that its manifest does not have; {MEND}")
    return _Share(manifest, images, num_photos)


class Loader:
    """Open .beton files; see open_loader. Threads decode a few batches ahead of the reader."""

    def __init__(
        self, shares: list[_Share], side: int, config: DataConfig, *, training: bool, seed: int, device: torch.device
    ) -> None:
        self._shares = shares
        self._labelled, *self._unlabelled = shares
        self._side, self._config, self._training = side, config, training
        self._seed, self._device = seed, device
        self._scale = AB_SCALES[config.normalisation]
        self._pool = ThreadPoolExecutor(config.num_workers, thread_name_prefix="huetune-decode")

    @property
    def manifest(self) -> Manifest:
        """Of the file with the labels."""
        return self._labelled.manifest

    @property
    def num_samples(self) -> int:
        """Photos in the file with the labels; a training epoch leaves out what does not fill its last batch."""
        return self.manifest.num_samples

    def __len__(self) -> int:
        """Batches of one epoch."""
        whole, rest = divmod(self.num_samples, self._labelled.num_photos)
        return whole if self._training or rest == 0 else whole + 1

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number` (from 0), from batch `start` on: the same ones, whatever was read before.

        Raises:
            DataError: an image does not decode.
        """
        choices = self._choices(number, start)
        num_ahead = self._config.num_workers + 2
        if self._device.type == "cpu":
            yield from ahead(self._pool, partial(assemble, side=self._side, scale=self._scale), choices, num_ahead)
            return
        for staged in ahead(self._pool, partial(stage, side=self._side), choices, num_ahead):
            yield staged.to(self._device, self._scale)

    def close(self) -> None:
        """End the threads, within the batches that are being decoded."""
        self._pool.shutdown(cancel_futures=True)

    def _choices(self, epoch: int, start: int) -> Iterator[Choice]:
        """The photos of each batch of an epoch, from batch `start` on."""
        orders = [self._labelled_order(epoch), *(self._unlabelled_order(share, epoch) for share in self._unlabelled)]
        for step in range(start, len(self)):
            yield tuple(
                Chosen(share.images, part, labels[part.numbers])
                for share, (order, labels) in zip(self._shares, orders, strict=True)
                for part in [order.part(step * share.num_photos, (step + 1) * share.num_photos)]
            )

    def _labelled_order(self, epoch: int) -> tuple[Order, Labels]:
        labels = self._labelled.images.labels
        if not self._training:
            return in_file_order(len(labels)), labels
        return shuffled(len(labels), self._config.flip, self._seed, _LABELLED, epoch), labels

    def _unlabelled_order(self, share: _Share, epoch: int) -> tuple[Order, Labels]:
        """One pass over these photos after the other, going on in each epoch where the one before ended."""
        num_photos, length = share.manifest.num_samples, len(self) * share.num_photos
        order = endless(num_photos, self._config.flip, epoch * length, length, self._seed, _UNLABELLED)
        return order, np.full(num_photos, -1, dtype=np.int64)
