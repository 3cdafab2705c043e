import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from recorded_sweeps import write_samples, write_sweep, write_trial

from analysis.report.sections.photos import MAX_PHOTOS, SamplesError, gallery, read_cells
from search.records import read_sweep

RED, BLUE = (200, 0, 0), (0, 0, 200)


def pixel(uri: str) -> tuple[tuple[int, int], object]:
    """Size and top left pixel of an image."""
    image = Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))
    return image.size, image.getpixel((0, 0))


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = write_sweep(tmp_path / "sweep")
    for number in range(3):
        write_trial(folder, number, [{"fid": 1.0, "accuracy": 0.5}])
    return folder


def folder_of(sweep: Path, number: int) -> Path:
    return sweep / "trials" / f"{number:04d}"


def test_shows_each_photo_by_every_trial(sweep: Path):
    write_samples(folder_of(sweep, 0), [RED, BLUE])
    write_samples(folder_of(sweep, 1), [BLUE, RED])
    first, second, _ = read_sweep(sweep).trials

    shown = gallery([second, first])

    assert shown.trials == (1, 0)
    top, bottom = shown.photos
    assert pixel(top.gray) == ((4, 4), (100, 100, 100))
    assert pixel(top.truth) == ((4, 4), (200, 200, 200))
    assert [pixel(uri)[1] for uri in top.colorized] == [BLUE, RED]
    assert [pixel(uri)[1] for uri in bottom.colorized] == [RED, BLUE]


def test_leaves_out_what_cannot_be_shown_and_says_why(sweep: Path):
    write_samples(folder_of(sweep, 0), [RED])
    write_samples(folder_of(sweep, 1), [RED], truth=201)

    shown = gallery(read_sweep(sweep).trials)

    assert shown.trials == (0,)
    assert shown.notes == (
        "Trial 1 is not shown: its samples are of other photos, or of another size, than those of trial 0.",
        "Trial 2 is not shown: it left no samples.png.",
    )


def test_shows_no_more_photos_than_fit(sweep: Path):
    write_samples(folder_of(sweep, 0), [RED] * (MAX_PHOTOS + 5))

    assert len(gallery(read_sweep(sweep).trials[:1]).photos) == MAX_PHOTOS


@pytest.mark.parametrize("size", [(13, 4), (12, 5), (2, 2)])
def test_refuses_what_is_not_three_columns_of_squares(tmp_path: Path, size: tuple[int, int]):
    Image.new("RGB", size).save(tmp_path / "samples.png")

    with pytest.raises(SamplesError, match="not made of rows of three squares"):
        read_cells(tmp_path / "samples.png")


def test_no_damage_to_a_file_escapes_as_another_error(tmp_path: Path):
    whole = write_samples(tmp_path, [RED, BLUE]).read_bytes()
    cut = [whole[:length] for length in range(len(whole))]
    flipped = [whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :] for i in range(len(whole))]

    for content in cut + flipped:
        (tmp_path / "samples.png").write_bytes(content)
        try:
            read_cells(tmp_path / "samples.png")
        except SamplesError:
            continue
