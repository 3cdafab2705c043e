"""Builds of sources with splits of their own: kept, pooled, and searched for leaks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builds import SMALL, built
from photos import written
from PIL import Image

from data.beton import read_samples
from data.build import build
from data.check import check_full
from data.config import BuildOptions, Rules
from data.errors import DataError
from data.sources.registry import open_source

if TYPE_CHECKING:
    pass


@pytest.fixture
def with_splits(photo_folder: Path, tmp_path: Path) -> Path:
    """8 photos of each of 3 classes to train on, and 3 to validate."""
    for photo in photo_folder.glob("*/*.jpg"):
        split = "train" if int(photo.stem) < 8 else "val"
        target = tmp_path / "with splits" / split / photo.parent.name / photo.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, target)
    return tmp_path / "with splits"


def test_photo_in_two_of_the_sources_own_splits_is_an_error(with_splits: Path, tmp_path: Path):
    shutil.copy(with_splits / "val/leaf/09.jpg", with_splits / "train/sail/99.jpg")
    with pytest.raises(DataError) as leak:
        built(with_splits, tmp_path / "out", BuildOptions(size=16))
    assert str(leak.value) == (
        "the source's own splits share photos: 1 of them, first train/sail/99.jpg (train), a copy of val/leaf/09.jpg "
        "(val); drop the copies with --drop-leaks, or divide all photos anew with --pool"
    )
    assert written(tmp_path / "out") == []


def test_dropped_leaks_leave_val_whole(with_splits: Path, tmp_path: Path):
    shutil.copy(with_splits / "val/leaf/09.jpg", with_splits / "train/sail/99.jpg")
    manifests = built(with_splits, tmp_path / "out", BuildOptions(size=16, rules=Rules(drop_leaks=True)))
    assert manifests["train"].class_counts == {"brick": 8, "leaf": 8, "sail": 8}
    assert manifests["val"].class_counts == {"brick": 3, "leaf": 3, "sail": 3}
    assert [photo.detail for photo in manifests["train"].dropped] == ["of val/leaf/09.jpg"]
    check_full(tmp_path / "out/train.beton")


def test_pooled_copies_are_no_leak(with_splits: Path, tmp_path: Path):
    shutil.copy(with_splits / "val/leaf/09.jpg", with_splits / "train/leaf/99.jpg")
    manifests = built(with_splits, tmp_path / "out", BuildOptions(size=16, pool=True, val=0.1))
    assert {split: manifest.num_samples for split, manifest in manifests.items()} == {"train": 30, "val": 3}
    check_full(tmp_path / "out/val.beton")


def test_unlabelled_photos_have_no_classes(photo_folder: Path, tmp_path: Path):
    manifests = build(open_source(f"flat:{photo_folder}"), tmp_path, SMALL, num_workers=1)
    assert (manifests["val"].classes, manifests["val"].class_figures, manifests["val"].num_samples) == ((), {}, 9)
    assert {label for _, label in read_samples(tmp_path / "val.beton")} == {-1}
    check_full(tmp_path / "val.beton")


def _gray(photo: Path) -> None:
    Image.new("RGB", (64, 48), "gray").save(photo)


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        ("train/*/*", r"no usable photo for train \(dropped: 24 gray\); give other photos, or divide all of them anew"),
        ("val/*/*", r"no usable photo for val \(dropped: 9 gray\); give other photos, or divide all of them anew"),
        ("train/leaf/*", r"no usable photo of leaf to train on \(dropped: 8 gray\); choose the other classes"),
        ("*/*/*", r"no usable photo \(dropped: 33 gray\); give other photos"),
    ],
)
def test_split_or_class_without_a_usable_photo_is_an_error(
    with_splits: Path, tmp_path: Path, spoiled: str, message: str
):
    for photo in with_splits.glob(spoiled):
        _gray(photo)
    with pytest.raises(DataError, match=message) as caught:
        built(with_splits, tmp_path / "out", BuildOptions(size=16))
    assert "\n" not in str(caught.value)
    assert written(tmp_path / "out") == []


def test_source_of_validation_photos_alone_says_what_to_do(with_splits: Path, tmp_path: Path):
    shutil.rmtree(with_splits / "train")
    with pytest.raises(DataError, match=r"no usable photo for train .* divide all of them anew with --pool"):
        built(with_splits, tmp_path / "out", BuildOptions(size=16))
    assert built(with_splits, tmp_path / "out", BuildOptions(size=16, pool=True))["train"].num_samples == 8


def test_own_val_may_lack_a_class(with_splits: Path, tmp_path: Path):
    shutil.rmtree(with_splits / "val/leaf")
    val = built(with_splits, tmp_path / "out", BuildOptions(size=16))["val"]
    assert (val.class_counts, val.classes) == ({"brick": 3, "leaf": 0, "sail": 3}, ("brick", "leaf", "sail"))
    check_full(tmp_path / "out/val.beton")
