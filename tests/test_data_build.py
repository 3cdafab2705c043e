from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from data.beton import read_samples
from data.build import already_built, build
from data.config import BuildOptions
from data.errors import DataError
from data.images import centre_square, decode
from data.manifest import check_full, manifest_path, read_manifest
from data.parallel import Item
from data.sources.registry import open_source

if TYPE_CHECKING:
    from photos import Betons

SMALL = BuildOptions(size=16, val=0.27)


def test_manifest_tells_what_is_in_the_file(betons: Betons, photo_folder: Path):
    manifest = check_full(betons.train)
    assert (manifest.num_samples, manifest.size, manifest.source) == (24, 32, str(photo_folder))
    assert manifest.class_counts == {"brick": 8, "leaf": 8, "sail": 8}
    assert manifest.dropped == {"corrupt": 0, "gray": 0, "duplicate": 0}
    assert manifest.num_bytes == betons.train.stat().st_size
    others = read_manifest(betons.val).sample_ids
    assert len(set(manifest.sample_ids) | set(others)) == 24 + 9


def test_file_holds_the_photos_in_the_order_of_the_manifest(betons: Betons, photo_folder: Path):
    manifest = read_manifest(betons.val)
    for sample_id, (image, label) in zip(manifest.sample_ids, read_samples(betons.val), strict=True):
        assert manifest.classes[label] == sample_id.split("/")[0]
        expected = centre_square(decode((photo_folder / sample_id).read_bytes(), 64), 32)
        assert np.abs(image.astype(int) - np.asarray(expected)).mean() < 2  # JPEG quality 95


def test_raw_files_hold_the_exact_pixels(photo_folder: Path, tmp_path: Path):
    options = BuildOptions(size=32, val=0.27, quality=None)
    build(open_source(str(photo_folder)), tmp_path, options, num_workers=2)
    manifest = check_full(tmp_path / "val.beton")
    for sample_id, (image, _) in zip(manifest.sample_ids, read_samples(tmp_path / "val.beton"), strict=True):
        expected = centre_square(decode((photo_folder / sample_id).read_bytes(), 64), 32)
        assert np.array_equal(image, np.asarray(expected))


def test_same_photos_give_the_same_bytes_whatever_the_number_of_threads(photo_folder: Path, tmp_path: Path):
    for folder, num_workers in (("one", 1), ("four", 4)):
        build(open_source(str(photo_folder)), tmp_path / folder, SMALL, num_workers=num_workers)
    for name in ("train.beton", "train.beton.json", "val.beton", "val.beton.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "four" / name).read_bytes()


def test_finished_build_is_recognised_until_anything_changes(photo_folder: Path, tmp_path: Path):
    source = open_source(str(photo_folder))
    assert already_built(source, tmp_path, SMALL) is None
    manifests = build(source, tmp_path, SMALL, num_workers=1)
    assert already_built(source, tmp_path, SMALL) == manifests
    assert already_built(source, tmp_path, SMALL.model_copy(update={"seed": 1})) is None
    os.truncate(tmp_path / "val.beton", 100)
    assert already_built(source, tmp_path, SMALL) is None


def test_new_photo_makes_a_build_outdated(tmp_path: Path):
    (tmp_path / "photos" / "a").mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (20, 20), (200, 50 * number, 0)).save(tmp_path / "photos" / "a" / f"{number}.png")
    source = open_source(str(tmp_path / "photos"))
    build(source, tmp_path / "out", SMALL, num_workers=1)
    Image.new("RGB", (20, 20), (0, 0, 200)).save(tmp_path / "photos" / "a" / "3.png")
    assert already_built(open_source(str(tmp_path / "photos")), tmp_path / "out", SMALL) is None


def test_build_that_fails_leaves_the_earlier_files_as_they_were(photo_folder: Path, tmp_path: Path):
    source = open_source(str(photo_folder))
    manifests = build(source, tmp_path, SMALL, num_workers=1)

    def lost_connection(items: Iterable[Item], description: str, total: int) -> Iterable[Item]:
        for number, item in enumerate(items):
            if description == "writing train.beton" and number == 10:
                raise ConnectionError
            yield item

    with pytest.raises(DataError, match="cannot write"):
        build(source, tmp_path, SMALL.model_copy(update={"size": 24}), num_workers=1, track=lost_connection)
    assert check_full(tmp_path / "train.beton") == manifests["train"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "train.beton",
        "train.beton.json",
        "val.beton",
        "val.beton.json",
    ]


def test_split_of_another_build_is_not_left_beside_the_new_one(photo_folder: Path, tmp_path: Path):
    source = open_source(str(photo_folder))
    build(source, tmp_path, SMALL.model_copy(update={"test": 0.2}), num_workers=1)
    with pytest.raises(DataError, match=r"test\.beton is of another build"):
        build(source, tmp_path, SMALL, num_workers=1)


def test_empty_split_says_why(tmp_path: Path):
    (tmp_path / "photos" / "a").mkdir(parents=True)
    Image.new("L", (20, 20), 90).save(tmp_path / "photos" / "a" / "gray.png")
    (tmp_path / "photos" / "a" / "broken.jpg").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"train would be empty: .* 0 usable photos \(1 corrupt, 1 gray, 0 duplicate\)"):
        build(open_source(str(tmp_path / "photos")), tmp_path / "out", SMALL, num_workers=1)


def test_options_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(ValueError, match="val and test together must stay below 1"):
        BuildOptions(val=0.5, test=0.5)


def test_manifest_has_a_name_beside_its_file():
    assert manifest_path(Path("x/train.beton")) == Path("x/train.beton.json")
