from pathlib import Path

import pytest
from odd_files import CORNERS, quartered, saved, write_odd_files
from PIL import Image, ImageDraw
from pydantic import ValidationError

from data.filters import Dropped, LeakageError, Rules, Screening, by_reason, colourfulness, screen
from data.parallel import in_order, untracked
from data.sources.photo import Photo, Split

COLOURS = saved(quartered(), "PNG")
OTHERS = saved(quartered(CORNERS[::-1]), "PNG")


def screened(*photos: Photo, labelled: bool = False, num_workers: int = 2, **rules: object) -> Screening:
    return screen(photos, Rules(**rules), num_workers, untracked, labelled=labelled)


def kept_ids(screening: Screening) -> list[str]:
    return [kept.photo.id for kept in screening.kept]


def reason(photo: Photo, **rules: object) -> str | None:
    """Why a photo would be dropped."""
    dropped = screened(photo, **rules).dropped
    return dropped[0].reason if dropped else None


def painted(kind: str, size: tuple[int, int], spot: tuple[int, int, int], diameter: int) -> Photo:
    """A gray photo with a spot of colour."""
    image = Image.new("RGB", size, (120, 120, 120))
    left, top = size[0] // 3, size[1] // 3
    ImageDraw.Draw(image).rectangle((left, top, left + diameter - 1, top + diameter - 1), fill=spot)
    return Photo("spot", None, saved(image, kind))


def test_odd_files_are_kept_or_dropped_for_the_right_reason(tmp_path: Path):
    files = write_odd_files(tmp_path / "odd")
    screening = screened(*(Photo(file.name, None, tmp_path / "odd" / file.name) for file in files))
    dropped = {photo.id: photo.reason for photo in screening.dropped}
    assert dropped == {file.name: file.reason for file in files if file.reason is not None}
    assert kept_ids(screening) == [file.name for file in files if file.reason is None]
    assert all(photo.detail and "\n" not in photo.detail for photo in screening.dropped)


def test_number_of_threads_changes_nothing(tmp_path: Path):
    photos = [Photo(file.name, None, file.content) for file in write_odd_files(tmp_path / "odd")]
    alone = screened(*photos, *photos[::-1], num_workers=1)
    assert screened(*photos, *photos[::-1], num_workers=8) == alone


def test_size_is_of_the_whole_photo_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = saved(quartered(size=(900, 600)), "JPEG", exif=exif)
    kept = screened(Photo("a", None, lying)).kept[0]
    assert (kept.width, kept.height) == (600, 900)


def test_digest_is_the_start_of_the_files_sha256():
    # printf 'P6 40 40 255 ' followed by 1600 times the bytes 10 20 30 (hexadecimal), through sha256sum
    ppm = b"P6 40 40 255 " + 1600 * b"\x10\x20\x30"
    assert screened(Photo("a", None, ppm)).kept[0].digest == "aee1a78e533490bf"


def test_details_say_what_was_found(tmp_path: Path):
    folder = tmp_path / "folder.jpg"
    folder.mkdir()
    screening = screened(
        Photo("a", "x", COLOURS),
        Photo("b", "x", saved(quartered(size=(300, 90)), "JPEG")),
        Photo("c", "y", COLOURS),
        Photo("d", None, OTHERS),
        Photo("e", "x", tmp_path / "gone.jpg"),
        Photo("f", "x", folder),
        Photo("g", "x", saved(Image.new("RGB", (40, 40), (90, 95, 92)), "PNG")),
        labelled=True,
    )
    assert kept_ids(screening) == ["a"]
    assert screening.dropped == [
        Dropped(id="b", reason="extreme aspect", detail="300×90"),
        Dropped(id="c", reason="copy in another class", detail="of a"),
        Dropped(id="d", reason="no class", detail=""),
        Dropped(id="e", reason="unreadable", detail="No such file or directory"),
        Dropped(id="f", reason="unreadable", detail="Is a directory"),
        Dropped(id="g", reason="gray", detail="R, G and B differ by at most 5 of 255"),
    ]
    assert by_reason(screening.dropped).startswith("2 unreadable, 1 ")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((32, 96), None),
        ((96, 32), None),
        ((97, 32), "extreme aspect"),
        ((31, 40), "too small"),
        ((31, 300), "too small"),
    ],
)
def test_limits_of_the_shape_are_inclusive(size: tuple[int, int], expected: str | None):
    assert reason(Photo("a", None, saved(quartered(size=size), "PNG"))) == expected


def test_rules_can_be_widened():
    assert reason(Photo("a", None, saved(quartered(size=(200, 10)), "PNG")), max_aspect=20, min_side=10) is None


@pytest.mark.parametrize("rule", [{"max_aspect": 0.9}, {"max_aspect": "inf"}, {"min_side": 0}, {"gray_tolerance": 256}])
def test_rules_that_make_no_sense_are_refused(rule: dict[str, object]):
    with pytest.raises(ValidationError):
        Rules(**rule)


@pytest.mark.parametrize(("red", "expected"), [(120, "gray"), (128, "gray"), (129, None)])
def test_gray_within_a_tolerance_of_eight_levels(red: int, expected: str | None):
    assert reason(Photo("a", None, saved(Image.new("RGB", (40, 40), (red, 120, 120)), "PNG"))) == expected


def test_colourfulness_is_the_largest_difference_in_any_pixel():
    image = Image.new("RGB", (64, 64), (90, 90, 90))
    assert colourfulness(image) == 0
    image.putpixel((5, 5), (80, 120, 90))
    assert colourfulness(image) == 40


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_small_coloured_object_in_a_large_gray_photo_counts_and_a_few_hot_pixels_do_not(kind: str):
    size = (2000, 1500)
    assert reason(painted(kind, size, (255, 0, 0), diameter=24)) is None  # 1/64 of the shorter side
    assert reason(painted(kind, size, (150, 120, 110), diameter=24)) is None
    assert reason(painted(kind, size, (255, 0, 0), diameter=1)) == "gray"


def test_first_of_several_copies_stays_whatever_its_class():
    screening = screened(Photo("b", "x", COLOURS), Photo("a", "y", COLOURS), Photo("c", "x", COLOURS), labelled=True)
    assert kept_ids(screening) == ["b"]
    assert [photo.detail for photo in screening.dropped] == ["of b", "of b"]


def test_copies_without_a_class_replace_none():
    assert kept_ids(screened(Photo("a", None, COLOURS), Photo("b", "x", COLOURS), labelled=True)) == ["b"]


def test_photos_shared_by_own_splits_are_an_error():
    photos = [
        Photo("train/1", "x", COLOURS, "train"),
        Photo("train/2", "x", OTHERS, "train"),
        Photo("test/1", "x", OTHERS, "test"),
        Photo("test/2", "x", COLOURS, "test"),
    ]
    with pytest.raises(LeakageError) as leakage:
        screened(*photos)
    assert str(leakage.value) == (
        "the source's own splits share photos: 2 of them, first train/1 (train), a copy of test/2 (test); "
        "drop the copies with --drop-leaks, or divide all photos anew with --pool"
    )


@pytest.mark.parametrize(
    ("splits", "staying"),
    [
        (("train", "val", "test"), 2),
        (("train", "val", "val"), 1),
        (("test", "train", "test"), 0),
        (("train", "train", "train"), 0),
        ((None, None, None), 0),
        ((None, "train", None), 1),
    ],
)
def test_of_copies_in_several_splits_that_of_the_test_stays(splits: tuple[Split | None, ...], staying: int):
    photos = [Photo(str(number), "x", COLOURS, split) for number, split in enumerate(splits)]
    screening = screened(*photos, drop_leaks=True)
    assert kept_ids(screening) == [str(staying)]
    assert {photo.detail for photo in screening.dropped} == {f"of {staying}"}


@pytest.mark.parametrize("splits", [("val", "val"), (None, "test"), ("test", None)])
def test_copies_within_a_split_or_outside_all_are_no_leak(splits: tuple[Split | None, ...]):
    photos = [Photo(str(number), "x", COLOURS, split) for number, split in enumerate(splits)]
    assert len(screened(*photos).kept) == 1


def test_useless_photos_are_no_leak():
    gray = saved(Image.new("RGB", (40, 40), "gray"), "PNG")
    assert len(screened(Photo("a", "x", gray, "train"), Photo("b", "x", gray, "test")).dropped) == 2


def test_lack_of_memory_ends_the_screening():
    class Exhausting(Photo):
        def read(self) -> bytes:
            raise MemoryError

    with pytest.raises(MemoryError):
        screened(Exhausting("a", "x", b""))


def test_in_order_keeps_order_and_reads_little_ahead():
    taken = []
    results = in_order(lambda number: number * number, (taken.append(n) or n for n in range(100)), num_workers=2)
    assert next(results) == 0
    assert len(taken) == 9
    assert list(results) == [n * n for n in range(1, 100)]
