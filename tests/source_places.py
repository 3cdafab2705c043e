"""For each source of photos, a small place of the real layout for it to list."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from photos import make_photo

CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@dataclass(frozen=True)
class Place:
    """How to make it, how to change it, and the classes that it then holds."""

    make: Callable[[Path], None]
    change: Callable[[Path], None]
    classes: tuple[str, ...]
    num_photos: int


def write_photo(path: Path, number: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    make_photo("leaf", number).save(path)


def _writer(*names: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for number, name in enumerate(names):
            write_photo(folder / name, number)

    return write


def make_places205(folder: Path, train: str = "a/abbey/1.jpg 0\na/apartment_building/outdoor/2.jpg 8\n") -> None:
    lists = folder / "trainvalsplit_places205"
    lists.mkdir(parents=True, exist_ok=True)
    (lists / "train_places205.csv").write_text(train)
    (lists / "val_places205.csv").write_text("a/abbey/3.jpg 0\n")
    photos = folder / "data/vision/torralba/deeplearning/images256"
    _writer("a/abbey/1.jpg", "a/abbey/3.jpg", "a/apartment_building/outdoor/2.jpg")(photos)


def _replace_a_place(folder: Path) -> None:
    write_photo(folder / "data/vision/torralba/deeplearning/images256/a/abbey/1.jpg", 7)


def make_cifar10(folder: Path, num_test: int = 10) -> None:
    """The authors' pickles, with ten images each; image n of a file is of class n."""
    batches = folder / "cifar-10-batches-py"
    batches.mkdir(parents=True, exist_ok=True)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    for number, name in enumerate(names):
        size = num_test if name == "test_batch" else 10
        pixels = np.random.default_rng(number).integers(0, 256, (size, 3072), dtype=np.uint8)
        batch = {"batch_label": name, "labels": list(range(size)), "data": pixels, "filenames": ["x.png"] * size}
        (batches / name).write_bytes(pickle.dumps(batch))
    (batches / "batches.meta").write_bytes(pickle.dumps({"label_names": CIFAR10_CLASSES, "num_vis": 3072}))


def accept_cifar10(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torchvision take these files for the official ones."""
    from torchvision.datasets import CIFAR10

    def hashed(name: str) -> list[str]:
        content = (folder / "cifar-10-batches-py" / name).read_bytes()
        return [name, hashlib.md5(content).hexdigest()]  # noqa: S324

    monkeypatch.setattr(CIFAR10, "train_list", [hashed(f"data_batch_{number}") for number in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [hashed("test_batch")])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": hashed("batches.meta")[1]})


def _lose_cifar10_image(folder: Path) -> None:
    make_cifar10(folder, num_test=9)


PLACES = {
    "folder": Place(
        _writer("brick/1.jpg", "brick/old/2.png", "leaf/1.webp"), _writer("leaf/2.jpg"), ("brick", "leaf"), 3
    ),
    "flat": Place(_writer("1.jpg", "deep/er/2.jpg"), _writer("3.jpg"), (), 2),
    "imagenet": Place(
        _writer("train/n04285008/1.JPEG", "train/n02643566/1.JPEG", "val/n02643566/2.JPEG"),
        _writer("train/n04285008/3.JPEG"),
        ("lionfish", "sports car"),
        3,
    ),
    "places205": Place(make_places205, _replace_a_place, ("abbey", "apartment_building/outdoor"), 3),
    "coco": Place(_writer("train2017/1.jpg", "val2017/2.jpg"), _writer("test2017/3.jpg"), (), 2),
    "cifar10": Place(make_cifar10, _lose_cifar10_image, tuple(CIFAR10_CLASSES), 60),
}
