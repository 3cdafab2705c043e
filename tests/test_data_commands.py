"""`huetune data`: what it prints, and what it says to wrong input."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from photos import make_photo, written
from PIL import Image
from typer.testing import CliRunner

from data.commands import app
from data.errors import DataError
from data.manifest import read_manifest
from data.sources.registry import SOURCES

if TYPE_CHECKING:
    from photos import Betons


def run(*arguments: object) -> str:
    """The output of `huetune data ...`; a user's error comes out as the exception that the front door prints."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False).output


def refusal(*arguments: object) -> str:
    """The one line of an error."""
    with pytest.raises(DataError) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_build_writes_files_and_prints_the_counts(photo_folder: Path, tmp_path: Path):
    output = run("build", photo_folder, "--out", tmp_path, "--size", 16, "--val", 0.27)
    assert sorted(path.name for path in tmp_path.glob("*.beton")) == ["train.beton", "val.beton"]
    assert [line.split() for line in output.splitlines() if "brick" in line or "classes" in line] == [
        ["│", "brick", "│", "8", "│", "3", "│"],
        ["│", "3", "classes", "│", "24", "│", "9", "│"],
    ]
    assert "kept 33 photos; dropped: none" in output
    assert "see `dropped`" not in output
    assert f"built train.beton, val.beton in {tmp_path}" in output


def test_build_says_what_it_dropped(photo_folder: Path, tmp_path: Path):
    photos = shutil.copytree(photo_folder, tmp_path / "photos")
    (photos / "leaf/broken.jpg").write_bytes(b"broken")
    for number in range(2):
        Image.new("RGB", (64, 48), (90 + number, 90, 90)).save(photos / f"sail/gray{number}.png")
    output = run("build", photos, "--out", tmp_path / "out", "--size", 16)
    assert "kept 33 photos; dropped: 2 gray, 1 unreadable" in output
    assert "which ones, and why: see `dropped` in train.beton.json" in output


def test_every_option_reaches_the_build(photo_folder: Path, tmp_path: Path):
    names = ["--classes", "sail, brick", "--pool", "--subset", 20, "--val", 0.2, "--test", 3, "--seed", 5, "--size", 16]
    rules = ["--min-side", 40, "--max-aspect", 2, "--gray-tolerance", 4, "--drop-leaks", "--raw", "--workers", 1]
    run("build", photo_folder, "--out", tmp_path, *names, *rules)
    assert read_manifest(tmp_path / "train.beton").options.model_dump() == {
        "size": 16,
        "classes": ("brick", "sail"),
        "pool": True,
        "subset": 20,
        "val": 0.2,
        "test": 3,
        "seed": 5,
        "rules": {"min_side": 40, "max_aspect": 2, "gray_tolerance": 4, "drop_leaks": True},
        "quality": None,
    }
    counts = {split: read_manifest(tmp_path / f"{split}.beton").num_samples for split in ("train", "val", "test")}
    assert counts == {"train": 13, "val": 4, "test": 3}


def test_second_build_is_skipped_unless_forced(photo_folder: Path, tmp_path: Path):
    arguments = ("build", photo_folder, "--out", tmp_path, "--size", 16)
    run(*arguments)
    written = (tmp_path / "train.beton").stat().st_ino
    assert "already built" in run(*arguments)
    assert (tmp_path / "train.beton").stat().st_ino == written
    assert "already built" not in run(*arguments, "--force")
    assert (tmp_path / "train.beton").stat().st_ino != written


def test_many_classes_are_summed_up(tmp_path: Path):
    for number in range(41):
        folder = tmp_path / "photos" / f"class{number:02d}"
        folder.mkdir(parents=True)
        for photo in range(2):
            Image.new("RGB", (40, 40), (200, 5 * number, photo)).save(folder / f"{photo}.png")
    output = run("build", tmp_path / "photos", "--out", tmp_path / "out", "--size", 16, "--val", 0.5)
    assert "class00" not in output
    assert ["│", "41", "classes", "│", "41", "│", "41", "│"] in [line.split() for line in output.splitlines()]


def test_photos_without_classes_are_counted(photo_folder: Path, tmp_path: Path):
    output = run("build", f"flat:{photo_folder}", "--out", tmp_path, "--size", 16, "--val", 0.27)
    assert ["│", "photos", "│", "24", "│", "9", "│"] in [line.split() for line in output.splitlines()]
    assert "is whole: 9 photos of 16 px without labels" in run("check", tmp_path / "val.beton")


def test_check_confirms_a_whole_file(betons: Betons):
    assert "is whole: 9 photos of 32 px in 3 classes" in run("check", betons.val)


def test_check_refuses_what_is_no_beton(tmp_path: Path):
    assert "is not a file; build it with `huetune data build" in refusal("check", tmp_path / "no.beton")
    assert "is a folder; give one of the .beton files in it" in refusal("check", tmp_path)
    (tmp_path / "x.beton").write_bytes(b"x")
    assert "has no manifest x.beton.json beside it" in refusal("check", tmp_path / "x.beton")


def test_sources_are_listed():
    listed = run("sources")
    assert all(name in listed for name in SOURCES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--size", 8), "--size 8: input should be greater than or equal to 16"),
        (("--val", "inf"), "--val inf: input should be a finite number"),
        (("--val", 1.5), "--val 1.5: is neither a fraction below 1 nor a number of photos from 2 on"),
        (("--subset", 0), "--subset 0.0: input should be greater than 0"),
        (("--val", 0.6, "--test", 0.5), "--test asks for 16 photos, which leaves none of some class to train on"),
        (("--quality", 101), "--quality 101: input should be less than or equal to 100"),
        (("--raw", "--quality", 90), "--raw stores no JPEGs"),
        (("--workers", 0), "--workers must be at least 1, got 0"),
        (("--max-aspect", 0.5), "--max-aspect 0.5: input should be greater than or equal to 1"),
        (("--size", 8, "--seed", -1), "--size 8: .*; --seed -1: input should be greater than or equal to 0"),
        (("--classes", "leaf"), ".* has one class only, 'leaf', which leaves nothing to classify; add a class, or"),
        (("--classes", "leaf,sial"), ".* has no class 'sial'; did you mean 'sail'"),
        (("--subset", 34), "--subset asks for 34 photos, but there are only 33 to choose from; lower it"),
        (("--min-side", 100), ".* has no usable photo .dropped: 33 too small.; give other photos"),
    ],
)
def test_impossible_options_are_one_line_errors(photo_folder: Path, tmp_path: Path, options: tuple, message: str):

    assert re.match(message, refusal("build", photo_folder, "--out", tmp_path / "out", "--size", 16, *options))
    assert not (tmp_path / "out").exists() or written(tmp_path / "out") == []


def make_class(folder: Path, name: str, num_photos: int) -> None:
    (folder / name).mkdir(parents=True)
    for number in range(num_photos):
        make_photo("leaf", 100 * len(name) + number).save(folder / name / f"{number}.png")


def test_class_of_one_photo_is_named(tmp_path: Path):
    make_class(tmp_path / "photos", "many", 9)
    make_class(tmp_path / "photos", "one", 1)
    assert refusal("build", tmp_path / "photos", "--out", tmp_path / "out", "--size", 16) == (
        "class 'one' has 1 usable photo, but train, val need one each; add photos, or leave the class out"
    )


def test_places_without_photos_are_one_line_errors(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    make_class(tmp_path / "one", "class", 3)
    for place, message in [
        (tmp_path / "nothing", "is neither a folder nor a known source"),
        (tmp_path / "empty", "no class folders with photos in"),
        (tmp_path / "one", "has one class only, 'class', which leaves nothing to classify"),
        (tmp_path / "one/class", "are in no class folders; put those of each class into a folder of its own"),
    ]:
        assert message in refusal("build", place, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists() or written(tmp_path / "out") == []


@pytest.mark.slow
def test_front_door_prints_the_line_alone(photo_folder: Path, tmp_path: Path):
    command = [sys.executable, "-m", "huetune", "data", "build", photo_folder, "--out", tmp_path, "--val", "5000"]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "huetune: --val asks for 5,000 photos, but there are only 33 to choose from; lower it\n"


def test_listing_commands_imports_nothing_heavy():
    code = "import sys, data.commands; print({'torch', 'ffcv', 'numpy', 'pydantic'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.strip() == "set()"
