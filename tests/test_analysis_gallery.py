import base64
import io
from pathlib import Path

import pytest
import torch
from PIL import Image
from recorded_sweeps import write_samples, write_sweep, write_trial

import analysis.report.page as page
from analysis.ranking.rank import rank
from analysis.report.samples import MAX_CELL, SamplesError, read_cells, shown, strips
from analysis.report.section import Subject
from analysis.report.sections.photos import MAX_FAILURES, MAX_PHOTOS, gallery, photos_section
from search.records import read_sweep
from search.worker.samples import write_samples as write_measured

RED, BLUE = (200, 0, 0), (0, 0, 200)


def pixel(uri: str) -> tuple[tuple[int, int], object]:
    """Size and top left pixel of an image."""
    image = Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/webp;base64,"))))
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

    found = gallery([second, first])

    assert found.trials == (1, 0)
    top, bottom = found.photos
    assert pixel(top.gray) == ((4, 4), (100, 100, 100))
    assert pixel(top.truth) == ((4, 4), (200, 200, 200))
    assert [pixel(uri)[1] for uri in top.colorized] == [BLUE, RED]
    assert [pixel(uri)[1] for uri in bottom.colorized] == [RED, BLUE]


def test_leaves_out_what_cannot_be_shown_and_says_why(sweep: Path):
    write_samples(folder_of(sweep, 0), [RED])
    write_samples(folder_of(sweep, 1), [RED], truth=201)

    found = gallery(read_sweep(sweep).trials)

    assert found.trials == (0,)
    assert found.notes == (
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


def test_measures_how_far_each_colour_is_from_the_truth(sweep: Path):
    write_samples(folder_of(sweep, 0), [(200, 200, 200), RED])

    gray, red = (photo.errors[0] for photo in gallery(read_sweep(sweep).trials[:1]).photos)

    # CIELAB of sRGB (200, 0, 0), D65: L 41.9, a 66.6, b 56.0 (brucelindbloom.com); gray has a = b = 0.
    assert gray == pytest.approx(0, abs=0.01)
    assert red == pytest.approx((66.6**2 + 56.0**2) ** 0.5, abs=0.5)


def test_the_failures_are_the_photos_farthest_from_the_truth(sweep: Path):
    vivid = [(200, 200 - 15 * row, 200) for row in range(MAX_PHOTOS + 4)]
    write_samples(folder_of(sweep, 0), vivid)
    write_samples(folder_of(sweep, 1), vivid[::-1])

    found = gallery(read_sweep(sweep).trials[:2])

    assert [failure.row for failure in found.failures] == [12, 11, 10][:MAX_FAILURES]
    assert found.failures[0].photo.errors[0] > found.failures[0].photo.errors[1]
    assert pixel(found.failures[0].map)[1] == (255, 240, 205)


def test_failures_are_chosen_by_lpips_where_the_trial_measured_it(sweep: Path):
    samples = torch.zeros(4, 3, 3, 8, 8)
    samples[0, 1, 0] = 1.0  # the wrong colours, and yet nearest by LPIPS
    write_measured(folder_of(sweep, 0) / "samples.png", samples, [0.1, 0.4, 0.2, 0.3])

    found = gallery(read_sweep(sweep).trials)

    assert [(failure.row, failure.lpips) for failure in found.failures] == [(2, 0.4), (4, 0.3)]


def test_a_single_photo_is_no_failure_by_comparison(sweep: Path):
    write_samples(folder_of(sweep, 0), [RED])

    assert gallery(read_sweep(sweep).trials[:1]).failures == ()


def test_large_photos_are_shown_smaller():
    assert pixel(shown(Image.new("RGB", (256, 256), RED)))[0] == (MAX_CELL, MAX_CELL)


def test_a_strip_is_the_first_photo_three_times(sweep: Path):
    write_samples(folder_of(sweep, 1), [RED, BLUE], cell=200)

    found = strips(read_sweep(sweep).trials)

    assert list(found) == [1]
    size, (red, green, blue) = pixel(found[1])
    assert size == (288, 96)
    assert max(abs(value - 100) for value in (red, green, blue)) < 5


def test_the_best_trial_is_not_said_to_fail_where_it_left_no_samples(sweep: Path, monkeypatch: pytest.MonkeyPatch):
    write_samples(folder_of(sweep, 1), [RED, BLUE])
    found = read_sweep(sweep)
    monkeypatch.setattr(page, "SECTIONS", (photos_section,))

    html = page.render(Subject(found, rank(found), 5))

    assert gallery(found.trials).has_best is False
    assert gallery(found.trials[1:]).has_best is True
    assert "Where trial 1 fails" in html
    assert "by 1 of the best 3 ranked trials, those that left them." in html
    assert "Where the best trial fails" not in html
