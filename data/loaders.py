"""From .beton files to batches on the device, the same ones for the same seed, epoch and step, always."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from data.assembly import Choice, Chosen, Frame, assemble, stage
from data.batch import Batch, Photos
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
    """Open a .beton to measure on and, if `training`, to train on.

    Of each training batch, the share that the configuration says comes from its file of unlabelled photos.

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
    if training and config.crop is not None and config.crop > side:
        raise DataError(f"crop {config.crop} is above the {side} px of the photos in {beton}; lower it")
    return Loader(shares, side, config, seed=seed, device=device)


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

    def __init__(self, shares: list[_Share], side: int, config: DataConfig, *, seed: int, device: torch.device) -> None:
        self._shares = shares
        self._labelled, *self._unlabelled = shares
        self._side, self._config = side, config
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

    def num_batches(self, photos: Photos | None = None) -> int:
        """Batches of one training epoch over `photos` (N,), numbers in the file with the labels; None: all."""
        return (self.num_samples if photos is None else len(photos)) // self._labelled.num_photos

    def epoch(self, number: int, start: int = 0, photos: Photos | None = None) -> Generator[Batch]:
        """To train on: epoch `number` (from 0) over `photos` (N,), by default all, from batch `start` on.

        Shuffled, flipped and cropped, whole batches only; the same ones, whatever was read before.

        Raises:
            DataError: `photos` fill no batch, or an image does not decode.
        """
        if not self.num_batches(photos):
            num_photos = self.num_samples if photos is None else len(photos)
            raise DataError(f"{num_photos} photos fill no batch of {self._labelled.num_photos}; lower batch_size")
        return self._batches(self._shuffled(number, start, photos), Frame(self._side, self._config.crop))

    def in_file_order(self) -> Iterator[Batch]:
        """To measure on: every photo of the file with the labels once, whole and as it is.

        Raises:
            DataError: an image does not decode.
        """
        images, size = self._labelled.images, self._config.batch_size
        order = in_file_order(self.num_samples)
        choices = (
            (Chosen(images, part, images.labels[part.numbers]),)
            for start in range(0, self.num_samples, size)
            for part in [order.part(start, start + size)]
        )
        return self._batches(choices, Frame(self._side))

    def close(self) -> None:
        """End the threads, within the batches that are being decoded."""
        self._pool.shutdown(cancel_futures=True)

    def _batches(self, choices: Iterator[Choice], frame: Frame) -> Generator[Batch]:
        num_ahead = self._config.num_workers + 2
        if self._device.type == "cpu":
            yield from ahead(self._pool, partial(assemble, frame=frame, scale=self._scale), choices, num_ahead)
            return
        for staged in ahead(self._pool, partial(stage, frame=frame), choices, num_ahead):
            yield staged.to(self._device, self._scale)

    def _shuffled(self, epoch: int, start: int, photos: Photos | None) -> Iterator[Choice]:
        """The photos of each batch of an epoch, from batch `start` on."""
        length = self.num_batches(photos)
        orders = [
            self._labelled_order(epoch, photos),
            *(self._unlabelled_order(share, epoch, length) for share in self._unlabelled),
        ]
        for step in range(start, length):
            yield tuple(
                Chosen(share.images, part, labels[part.numbers])
                for share, (order, labels) in zip(self._shares, orders, strict=True)
                for part in [order.part(step * share.num_photos, (step + 1) * share.num_photos)]
            )

    def _labelled_order(self, epoch: int, photos: Photos | None) -> tuple[Order, Labels]:
        chosen = np.arange(self.num_samples) if photos is None else photos
        places = shuffled(len(chosen), self._config.flip, self._seed, _LABELLED, epoch)
        return replace(places, numbers=chosen[places.numbers]), self._labelled.images.labels

    def _unlabelled_order(self, share: _Share, epoch: int, num_batches: int) -> tuple[Order, Labels]:
        """One pass over these photos after the other, going on in each epoch where the one before ended.

        Where epochs differ in length, as those over chosen photos do, only within those of one length.
        """
        num_photos, length = share.manifest.num_samples, num_batches * share.num_photos
        order = endless(num_photos, self._config.flip, epoch * length, length, self._seed, _UNLABELLED)
        return order, np.full(num_photos, -1, dtype=np.int64)
