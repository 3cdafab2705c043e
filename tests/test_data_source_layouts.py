"""What is particular to the layout of each source: folder, flat, COCO, Places205, CIFAR-10."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from source_places import accept_cifar10, make_cifar10, make_places205, write_photo

from data.errors import DataError
from data.sources.cifar10 import CLASSES
from data.sources.photo import Source
from data.sources.registry import open_source


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def listed(source: Source) -> dict[str, tuple[str | None, str | None]]:
    return {photo.id: (photo.label, photo.split) for photo in source.photos()}


def test_folder_lists_photos_and_nothing_hidden(tmp_path: Path):
    touch(tmp_path, "a/photo.JPG", "a/.hidden.jpg", "a/notes.txt", ".git/x/1.jpg", "__MACOSX/a/photo.JPG", "a/jpg")
    assert listed(open_source(str(tmp_path))) == {"a/photo.JPG": ("a", None)}


def test_photos_that_pillow_cannot_read_are_listed_too(tmp_path: Path):
    touch(tmp_path, "1.heic", "2.HEIF", "3.jxl", "4.avif", "5.jp2", "6.txt", "7.json")
    assert list(listed(open_source(f"flat:{tmp_path}"))) == ["1.heic", "2.HEIF", "3.jxl", "4.avif", "5.jp2"]


def test_photos_outside_of_class_folders_are_unlabelled(tmp_path: Path):
    touch(tmp_path, "cat/old/1.jpg", "dog/2.jpg", "loose.jpg")
    source = open_source(str(tmp_path))
    assert listed(source) == {"cat/old/1.jpg": ("cat", None), "dog/2.jpg": ("dog", None), "loose.jpg": (None, None)}
    assert source.classes == ("cat", "dog")
    assert list(listed(open_source(str(tmp_path), ["cat"]))) == ["cat/old/1.jpg"]


def test_folders_of_splits_are_the_splits_of_the_source(tmp_path: Path):
    touch(tmp_path, "Train/cat/1.jpg", "valid/dog/2.jpg", "test/cat/x/3.jpg", "train_list/labels.txt", "test/4.jpg")
    source = open_source(str(tmp_path))
    assert listed(source) == {
        "Train/cat/1.jpg": ("cat", "train"),
        "valid/dog/2.jpg": ("dog", "val"),
        "test/cat/x/3.jpg": ("cat", "test"),
        "test/4.jpg": (None, "test"),
    }
    assert source.classes == ("cat", "dog")


def test_a_folder_beside_train_makes_it_a_class(tmp_path: Path):
    touch(tmp_path, "train/1.jpg", "bus/2.jpg")
    assert listed(open_source(str(tmp_path))) == {"train/1.jpg": ("train", None), "bus/2.jpg": ("bus", None)}


def test_photos_without_class_folders_are_refused_with_a_way_out(tmp_path: Path):
    touch(tmp_path, "1.jpg", "train/2.jpg")
    with pytest.raises(DataError, match=f"the 2 photos in {tmp_path} are in no class folders; .* type flat:{tmp_path}"):
        open_source(str(tmp_path))


def test_a_link_that_leads_back_is_refused(tmp_path: Path):
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a/again").symlink_to(tmp_path)
    with pytest.raises(DataError, match=r"a/again is a link to a folder that it lies in.*; remove it"):
        open_source(str(tmp_path))


def test_a_broken_link_is_listed_for_the_build_to_drop(tmp_path: Path):
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a/2.jpg").symlink_to(tmp_path / "gone.jpg")
    source = open_source(str(tmp_path))
    assert list(listed(source)) == ["a/1.jpg", "a/2.jpg"]
    assert source.fingerprint()


def test_a_name_that_no_manifest_could_hold_is_refused(tmp_path: Path):
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).touch()
    with pytest.raises(DataError, match=r"caf\\xe9\.jpg' is not UTF-8; rename it"):
        open_source(f"flat:{tmp_path}")


def test_fingerprint_follows_size_and_time_of_each_photo(tmp_path: Path):
    touch(tmp_path, "1.jpg")
    seen = [open_source(f"flat:{tmp_path}").fingerprint()]
    (tmp_path / "1.jpg").write_bytes(b"x")
    seen.append(open_source(f"flat:{tmp_path}").fingerprint())
    os.utime(tmp_path / "1.jpg", (1, 1))
    seen.append(open_source(f"flat:{tmp_path}").fingerprint())
    assert len(set(seen)) == 3


def test_a_class_without_a_near_name_is_told_all(photo_folder: Path):
    with pytest.raises(DataError, match=r"has no class 'zebra'; choose among its 3: brick, leaf, sail$"):
        open_source(str(photo_folder), ["leaf", "zebra"])


def test_coco_has_the_splits_of_its_folders(tmp_path: Path):
    touch(tmp_path, "train2017/1.jpg", "unlabeled2017/2.jpg", "val2014/3.jpg", "test2017/4.jpg")
    touch(tmp_path, "annotations/panoptic/5.png", "annotations/instances.json")
    assert listed(open_source(f"coco:{tmp_path}")) == {
        "train2017/1.jpg": (None, "train"),
        "unlabeled2017/2.jpg": (None, "train"),
        "val2014/3.jpg": (None, "val"),
        "test2017/4.jpg": (None, "test"),
    }


def test_one_folder_of_coco_leaves_the_split_to_us(tmp_path: Path):
    touch(tmp_path, "train2017/1.jpg")
    assert listed(open_source(f"coco:{tmp_path / 'train2017'}")) == {"1.jpg": (None, None)}


def test_places205_has_the_order_and_the_splits_of_its_lists(tmp_path: Path):
    make_places205(tmp_path, "z/zoo/1.jpg 0\na/abbey/1.jpg 7\na/apartment_building/outdoor/2.jpg 5\n")
    (tmp_path / "trainvalsplit_places205/val_places205.csv").write_text("a/abbey/3.jpg 7\n")
    source = open_source(f"places205:{tmp_path}")
    assert source.classes == ("zoo", "apartment_building/outdoor", "abbey")
    assert listed(source) == {
        "train/z/zoo/1.jpg": ("zoo", "train"),
        "train/a/abbey/1.jpg": ("abbey", "train"),
        "train/a/apartment_building/outdoor/2.jpg": ("apartment_building/outdoor", "train"),
        "val/a/abbey/3.jpg": ("abbey", "val"),
    }


@pytest.mark.parametrize("photos", ["images256", ".", "data/vision/torralba/deeplearning/images256"])
def test_places205_finds_photos_and_lists_where_they_are_unpacked(tmp_path: Path, photos: str):
    (tmp_path / "val_places205.csv").write_text("a/abbey/1.jpg 0\n")
    write_photo(tmp_path / photos / "a/abbey/1.jpg")
    (photo,) = open_source(f"places205:{tmp_path}").photos()
    assert photo.read() == (tmp_path / photos / "a/abbey/1.jpg").read_bytes()


@pytest.mark.parametrize("line", ["a/abbey/2.jpg", "a/2.jpg 0", "/a/abbey/2.jpg 0", "a/abbey/2.jpg x", "", "\udcff 1"])
def test_a_damaged_list_of_places205_is_named_with_its_line(tmp_path: Path, line: str):
    path = tmp_path / "train_places205.csv"
    path.write_bytes(f"a/abbey/1.jpg 0\n{line}\n".encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=rf"{path}, line 2: .* is not as `a/abbey/photo.jpg 0`"):
        open_source(f"places205:{tmp_path}")


def test_places205_refuses_two_numbers_for_a_class(tmp_path: Path):
    make_places205(tmp_path, "a/abbey/1.jpg 1\n")
    with pytest.raises(DataError, match="numbers abbey both 1 and 0"):
        open_source(f"places205:{tmp_path}")


def test_places205_without_photos_is_refused(tmp_path: Path):
    (tmp_path / "val_places205.csv").write_text("a/abbey/1.jpg 0\n")
    with pytest.raises(DataError, match=f"none of the listed photos is in {tmp_path}, images256 or data/vision/"):
        open_source(f"places205:{tmp_path}")


def test_cifar10_gives_the_very_pixels_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_cifar10(tmp_path)
    accept_cifar10(tmp_path, monkeypatch)
    photos = {photo.id: photo for photo in open_source(f"cifar10:{tmp_path}").photos()}
    photo = photos["train/cat/00013"]  # image 3 of the second file
    (tmp_path / "cat.ppm").write_bytes(photo.read())
    stored = np.random.default_rng(1).integers(0, 256, (10, 3072), dtype=np.uint8)[3]
    assert (np.asarray(Image.open(tmp_path / "cat.ppm")) == stored.reshape(3, 32, 32).transpose(1, 2, 0)).all()
    assert (photo.label, photo.split, photos["test/dog/00005"].split) == ("cat", "train", "test")


def test_a_damaged_file_of_cifar10_is_refused(tmp_path: Path):
    make_cifar10(tmp_path)  # its hashes are not the official ones
    with pytest.raises(DataError, match=r"a file in .*cifar-10-batches-py is damaged; unpack cifar-10-python\.tar\.gz"):
        list(open_source(f"cifar10:{tmp_path}").photos())
    (tmp_path / "cifar-10-batches-py/test_batch").unlink()
    with pytest.raises(DataError, match="cifar-10-batches-py lacks test_batch; unpack"):
        open_source(f"cifar10:{tmp_path}")


def test_cifar10_as_folders_has_their_splits_and_the_official_order(tmp_path: Path):
    touch(tmp_path, *(f"train/{name}/1.png" for name in reversed(CLASSES)), "test/dog/2.png")
    source = open_source(f"cifar10:{tmp_path}")
    assert (source.name, source.classes) == (f"cifar10:{tmp_path}", CLASSES)
    assert listed(source)["test/dog/2.png"] == ("dog", "test")
