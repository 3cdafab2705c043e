"""From a source to .beton files: what is in them, and when they are written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builds import SMALL, built
from photos import make_photo, written
from PIL import Image
from source_places import make_places205

from data.beton import read_samples
from data.build import already_built, build
from data.check import check_full
from data.config import BuildOptions, Rules
from data.errors import DataError
from data.filters import Dropped, by_reason
from data.images import centre_square, decode
from data.manifest import read_manifest
from data.parallel import Item
from data.sources.photo import Split
from data.sources.registry import open_source

if TYPE_CHECKING:
    from photos import Betons

FILES = ["train.beton", "train.beton.json", "val.beton", "val.beton.json"]


def square_of(photo: Path, size: int) -> np.ndarray:
    return np.asarray(centre_square(decode(photo.read_bytes(), 2 * size), size))


@pytest.fixture
def photos(photo_folder: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(photo_folder, tmp_path / "photos"))


def test_manifest_tells_what_is_in_the_file(betons: Betons, photo_folder: Path):
    train, val = check_full(betons.train), check_full(betons.val)
    assert (train.num_samples, train.size, train.source) == (24, 32, str(photo_folder))
    assert train.class_counts == {"brick": 8, "leaf": 8, "sail": 8}
    assert (train.splits, train.options.val, train.dropped) == (("train", "val"), 0.27, ())
    assert train.mean_photo_size == (64.0, 48.0)
    assert train.num_bytes == betons.train.stat().st_size
    everything = {path.relative_to(photo_folder).as_posix() for path in photo_folder.glob("*/*.jpg")}
    assert {*train.sample_ids, *val.sample_ids} == everything
    assert len({*train.photo_digests, *val.photo_digests}) == 24 + 9


def test_file_holds_the_photos_in_the_order_of_the_manifest(betons: Betons, photo_folder: Path):
    manifest = read_manifest(betons.val)
    for sample_id, (image, label) in zip(manifest.sample_ids, read_samples(betons.val), strict=True):
        assert manifest.classes[label] == sample_id.split("/")[0]
        assert np.abs(image.astype(int) - square_of(photo_folder / sample_id, 32)).mean() < 2  # JPEG quality 95


def test_raw_files_hold_the_exact_pixels(photo_folder: Path, tmp_path: Path):
    manifest = built(photo_folder, tmp_path, BuildOptions(size=32, val=0.27, quality=None), num_workers=2)["val"]
    assert check_full(tmp_path / "val.beton") == manifest
    for sample_id, (image, _) in zip(manifest.sample_ids, read_samples(tmp_path / "val.beton"), strict=True):
        assert np.array_equal(image, square_of(photo_folder / sample_id, 32))


def test_left_out_photos_are_in_every_manifest_with_the_reason(photos: Path, tmp_path: Path):
    (photos / "leaf/broken.jpg").write_bytes((photos / "leaf/00.jpg").read_bytes()[:500])
    Image.new("RGB", (64, 64), (90, 94, 90)).save(photos / "leaf/gray.png")
    make_photo("leaf", 99).resize((20, 40)).save(photos / "leaf/tiny.png")
    make_photo("leaf", 98).resize((200, 50)).save(photos / "leaf/wide.png")
    shutil.copy(photos / "brick/03.jpg", photos / "sail/copy.jpg")
    (photos / "loose.jpg").write_bytes((photos / "leaf/01.jpg").read_bytes())
    manifests = built(photos, tmp_path / "out", num_workers=2)
    assert manifests["train"].dropped == manifests["val"].dropped
    dropped = {photo.id: (photo.reason, photo.detail) for photo in manifests["train"].dropped}
    assert dropped.pop("leaf/broken.jpg")[0] == "unreadable"
    assert dropped == {
        "leaf/gray.png": ("gray", "R, G and B differ by at most 4 of 255"),
        "leaf/tiny.png": ("too small", "20×40"),
        "leaf/wide.png": ("extreme aspect", "200×50"),
        "loose.jpg": ("no class", ""),
        "sail/copy.jpg": ("copy in another class", "of brick/03.jpg"),
    }
    assert sum(manifest.num_samples for manifest in manifests.values()) == 33


def test_rules_decide_what_is_left_out(photos: Path, tmp_path: Path):
    make_photo("leaf", 98).resize((200, 50)).save(photos / "leaf/wide.png")
    assert built(photos, tmp_path / "strict")["train"].dropped == (
        Dropped(id="leaf/wide.png", reason="extreme aspect", detail="200×50"),
    )
    loose = SMALL.model_copy(update={"rules": Rules(max_aspect=4)})
    assert built(photos, tmp_path / "loose", loose)["train"].dropped == ()


def test_same_photos_give_the_same_bytes_whatever_the_number_of_threads(photo_folder: Path, tmp_path: Path):
    for folder, num_workers in (("one", 1), ("four", 4)):
        built(photo_folder, tmp_path / folder, num_workers=num_workers)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "four" / name).read_bytes()


def _add_photo(photos: Path) -> None:
    make_photo("leaf", 99).save(photos / "leaf/new.png")


def _alter_photo(photos: Path) -> None:
    make_photo("leaf", 99).save(photos / "leaf/00.jpg")


def _move_photo(photos: Path) -> None:
    (photos / "leaf/00.jpg").rename(photos / "sail/99.jpg")


@pytest.mark.parametrize("change", [_add_photo, _alter_photo, _move_photo])
def test_build_is_outdated_once_a_photo_changes(photos: Path, tmp_path: Path, change: Callable[[Path], None]):
    manifests = built(photos, tmp_path / "out")
    assert already_built(open_source(str(photos)), tmp_path / "out", SMALL) == manifests
    change(photos)
    assert already_built(open_source(str(photos)), tmp_path / "out", SMALL) is None


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"size": 17}, {"val": 0.28}, {"quality": 94}, {"quality": None}, {"rules": Rules(gray_tolerance=9)}],
)
def test_build_is_outdated_once_an_option_changes(betons: Betons, photo_folder: Path, change: dict[str, object]):
    source, folder = open_source(str(photo_folder)), betons.train.parent
    options = read_manifest(betons.train).options
    assert already_built(source, folder, options) is not None
    assert already_built(source, folder, options.model_copy(update=change)) is None


def test_build_is_outdated_once_a_file_is_damaged_or_gone(photo_folder: Path, tmp_path: Path):
    source = open_source(str(photo_folder))
    assert already_built(source, tmp_path, SMALL) is None
    built(photo_folder, tmp_path)
    os.truncate(tmp_path / "val.beton", 100)
    assert already_built(source, tmp_path, SMALL) is None
    for name in ("val.beton", "val.beton.json"):
        (tmp_path / name).unlink()
    assert already_built(source, tmp_path, SMALL) is None


@pytest.mark.parametrize("split", ["train", "val"])
def test_build_that_fails_leaves_the_earlier_files_as_they_were(photo_folder: Path, tmp_path: Path, split: Split):
    manifests = built(photo_folder, tmp_path)

    def failing(items: Iterable[Item], description: str, total: int) -> Iterable[Item]:
        for number, item in enumerate(items):
            if description == f"writing {split}.beton" and number == 5:
                raise OSError(5, "Input/output error")
            yield item

    other = SMALL.model_copy(update={"size": 24})
    with pytest.raises(DataError, match=r"cannot write into .* \(Input/output error\); choose a folder that you may"):
        build(open_source(str(photo_folder)), tmp_path, other, num_workers=1, track=failing)
    assert {name: check_full(tmp_path / f"{name}.beton") for name in manifests} == manifests
    assert written(tmp_path) == FILES


def test_photo_that_is_lost_during_the_build_is_named(photos: Path, tmp_path: Path):
    def losing(items: Iterable[Item], description: str, total: int) -> Iterable[Item]:
        if description == "writing val.beton":
            shutil.rmtree(photos)
        return items

    with pytest.raises(DataError, match=r"/\d\d\.jpg was readable and is not any more .*; build again"):
        build(open_source(str(photos)), tmp_path / "out", SMALL, num_workers=1, track=losing)
    assert written(tmp_path / "out") == []


def test_two_builds_into_one_folder_at_once_are_refused(photo_folder: Path, tmp_path: Path):
    refused = []

    def interfering(items: Iterable[Item], description: str, total: int) -> Iterable[Item]:
        with pytest.raises(DataError) as caught:
            built(photo_folder, tmp_path)
        refused.append(str(caught.value))
        return items

    build(open_source(str(photo_folder)), tmp_path, SMALL, num_workers=1, track=interfering)
    assert refused == 3 * [f"another build is writing into {tmp_path}; wait for it, or choose another folder"]
    assert written(tmp_path) == FILES


def test_split_of_another_build_is_not_left_beside_the_new_one(photo_folder: Path, tmp_path: Path):
    built(photo_folder, tmp_path, SMALL.model_copy(update={"test": 0.2}))
    with pytest.raises(DataError, match=r"test\.beton is of another build .* delete it and test\.beton\.json"):
        built(photo_folder, tmp_path)
    assert check_full(tmp_path / "test.beton").num_samples == 7


def test_loose_photos_take_no_places_of_a_subset(photo_folder: Path, tmp_path: Path):
    shutil.copytree(photo_folder, tmp_path / "photos")
    for number in range(40):
        make_photo("leaf", 100 + number).save(tmp_path / "photos" / f"{number}.jpg")
    options = SMALL.model_copy(update={"subset": 12})
    manifests = build(open_source(str(tmp_path / "photos")), tmp_path / "out", options, num_workers=1)
    assert sum(manifest.num_samples for manifest in manifests.values()) == 12
    assert by_reason(manifests["train"].dropped) == "40 no class"


def test_photo_that_a_source_lists_twice_is_an_error(tmp_path: Path):
    make_places205(tmp_path / "places", "a/abbey/1.jpg 0\na/apartment_building/outdoor/2.jpg 8\na/abbey/1.jpg 0\n")
    with pytest.raises(DataError, match=r"lists train/a/abbey/1\.jpg 2 times; leave one of them"):
        build(open_source(f"places205:{tmp_path / 'places'}"), tmp_path / "out", SMALL, num_workers=1)


def test_list_that_vanishes_is_not_blamed_on_the_folder_that_is_written(tmp_path: Path):
    make_places205(tmp_path / "places")
    source = open_source(f"places205:{tmp_path / 'places'}")
    (tmp_path / "places/trainvalsplit_places205/val_places205.csv").unlink()
    with pytest.raises(
        DataError, match=r"^places205:.*val_places205\.csv: No such file or directory; make it readable$"
    ):
        build(source, tmp_path / "out", SMALL, num_workers=1)


def test_rebuild_forgets_the_features_of_the_photos_before(photo_folder: Path, tmp_path: Path):
    source = open_source(str(photo_folder))
    build(source, tmp_path, SMALL, num_workers=1)
    (tmp_path / "val.beton.fid-0123.pt").touch()
    build(source, tmp_path, SMALL, num_workers=1)
    assert not (tmp_path / "val.beton.fid-0123.pt").exists()


@pytest.mark.parametrize("name", ["val.beton", "train.beton.json"])
def test_folder_in_place_of_a_file_is_told_before_anything_is_written(photo_folder: Path, tmp_path: Path, name: str):
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=f"{name} is a folder where a file is to be"):
        built(photo_folder, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == [name]
