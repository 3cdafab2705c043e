"""From a .beton file to batches on the device, the same ones for the same seed and epoch number, always."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from data.batch import Batch
from data.config import DataConfig
from data.decoding import Decoder
from data.errors import DataError
from data.manifest import Manifest, check_quick
from data.prepare import prepare


def open_loader(beton: Path, config: DataConfig, *, training: bool, seed: int, device: torch.device) -> "Loader":
    """Open a .beton for training (shuffled, flipped, whole batches only) or for evaluation (all of it, in file order).

    Raises:
        DataError: the file or its manifest is missing or damaged, has fewer photos than one training batch needs, or
            stores smaller images than asked for.
    """
    manifest = check_quick(beton)
    if training and manifest.num_samples < config.batch_size:
        raise DataError(
            f"{beton} has {manifest.num_samples} photos, fewer than one batch of {config.batch_size}; "
            "lower batch_size or build from more photos"
        )
    if config.image_size is not None and config.image_size > manifest.size:
        raise DataError(
            f"image_size {config.image_size} is above the {manifest.size} px stored in {beton}; "
            "lower it or build larger"
        )
    return Loader(beton, manifest, config, training=training, seed=seed, device=device)


class Loader:
    """An open .beton file; see open_loader."""

    def __init__(
        self, beton: Path, manifest: Manifest, config: DataConfig, *, training: bool, seed: int, device: torch.device
    ) -> None:
        self.manifest = manifest
        self._config = config
        self._training = training
        self._seed = seed
        self._device = device
        self._decoder = Decoder(beton, config.batch_size, config.num_workers)

    @property
    def num_samples(self) -> int:
        """Photos in the file; a training epoch leaves out what does not fill its last batch."""
        return self.manifest.num_samples

    def __len__(self) -> int:
        """Batches of one epoch."""
        whole, rest = divmod(self.num_samples, self._config.batch_size)
        return whole if self._training or rest == 0 else whole + 1

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (from 0): identical each time, whatever was read before."""
        order, flips = self._plan(number)
        start = 0
        for images, labels in self._decoder.batches(order):
            end = start + len(labels)
            lightness, ab = prepare(
                torch.from_numpy(images).to(self._device),
                torch.from_numpy(flips[start:end]).to(self._device),
                self._config.image_size,
            )
            # The labels' buffer is FFCV's and will be overwritten; prepare has made its own tensors already.
            yield Batch(lightness, ab, torch.from_numpy(labels.copy()).to(self._device))
            start = end

    def close(self) -> None:
        """End a running epoch and its thread."""
        self._decoder.stop()

    def _plan(self, number: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """Which samples come in which order, and which of them are mirrored."""
        order = np.arange(self.num_samples, dtype=np.uint64)
        if not self._training:
            return order, np.zeros(self.num_samples, dtype=np.bool_)
        random = np.random.default_rng([self._seed, number])
        order = random.permutation(order)
        flips = random.random(self.num_samples) < self._config.flip
        return order[: len(self) * self._config.batch_size], flips
