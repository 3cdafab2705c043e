"""The loaders that ours is measured against: what people write without FFCV."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.io import ImageReadMode, decode_jpeg, read_file

from data.colour import AB_SCALES
from data.lab_kernel import LINEAR, normalised_lab
from data.prepare import prepare

SCALE = AB_SCALES["ab110"]
ENDS = np.float32(110)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class PilAndSkimage(Dataset[tuple[Tensor, Tensor, int]]):
    """What the tutorial behind the seeds does for each photo, in its own words."""

    def __init__(self, files: list[Path], size: int) -> None:
        self._files = files
        resize = transforms.Resize((size, size), transforms.InterpolationMode.BICUBIC)
        self._transforms = transforms.Compose([resize, transforms.RandomHorizontalFlip()])

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int]:
        photo = np.array(self._transforms(Image.open(self._files[index]).convert("RGB")))
        lab = transforms.ToTensor()(rgb2lab(photo).astype("float32"))
        return lab[[0], ...] / 50.0 - 1.0, lab[[1, 2], ...] / 110.0, 0


class Torchvision(Dataset[tuple[Tensor, int]]):
    """Only decoding; Lab comes for the whole batch."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return decode_jpeg(read_file(str(self._files[index])), ImageReadMode.RGB).permute(1, 2, 0).contiguous(), 0


def peer(dataset: Dataset[Any], arguments: argparse.Namespace) -> DataLoader[Any]:
    return DataLoader(
        dataset,
        arguments.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=arguments.workers,
        persistent_workers=True,
        pin_memory=DEVICE.type == "cuda",
    )


def pil_and_skimage(files: list[Path], arguments: argparse.Namespace) -> Iterator[Any]:
    loader = peer(PilAndSkimage(files, arguments.size), arguments)
    while True:
        for lightness, ab, label in loader:
            yield lightness.to(DEVICE), ab.to(DEVICE), label.to(DEVICE)


def torchvision_and_ours(files: list[Path], arguments: argparse.Namespace) -> Iterator[Any]:
    loader = peer(Torchvision(files), arguments)
    while True:
        for images, label in loader:
            flips = torch.rand(len(images)) < 0.5
            if DEVICE.type == "cuda":
                yield *prepare(images.to(DEVICE), flips.to(DEVICE), SCALE), label.to(DEVICE)
            else:
                yield *with_kernel(images.numpy(), flips), label


def with_kernel(images: Any, flips: Tensor) -> tuple[Tensor, Tensor]:
    """Our Lab for a batch on the CPU."""
    lightness, ab = (torch.empty(len(images), channels, *images.shape[1:3]) for channels in (1, 2))
    for photo, flip, light, colour in zip(images, flips.tolist(), lightness.numpy(), ab.numpy(), strict=True):
        normalised_lab(photo, flip, LINEAR, ENDS, ENDS, light[0], colour)
    return lightness, ab
