from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from data.commands import app
from data.errors import DataError

if TYPE_CHECKING:
    from photos import Betons


def run(*arguments: object) -> str:
    """The output of `huetune data ...`; a user's error comes out as the exception that the front door prints."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False).output


def test_build_writes_files_and_prints_the_counts(photo_folder: Path, tmp_path: Path):
    output = run("build", photo_folder, "--out", tmp_path, "--size", 16, "--val", 0.27)
    assert sorted(path.name for path in tmp_path.glob("*.beton")) == ["train.beton", "val.beton"]
    assert [line.split() for line in output.splitlines() if "brick" in line or "classes" in line] == [
        ["│", "brick", "│", "8", "│", "3", "│"],
        ["│", "3", "classes", "│", "24", "│", "9", "│"],
    ]
    assert "kept 33 photos; dropped 0 corrupt, 0 gray, 0 duplicate" in output


def test_second_build_is_skipped_unless_forced(photo_folder: Path, tmp_path: Path):
    arguments = ("build", photo_folder, "--out", tmp_path, "--size", 16)
    run(*arguments)
    written = (tmp_path / "train.beton").stat().st_ino
    assert "already built" in run(*arguments)
    assert (tmp_path / "train.beton").stat().st_ino == written
    assert "already built" not in run(*arguments, "--force")
    assert (tmp_path / "train.beton").stat().st_ino != written


def test_check_confirms_a_whole_file(betons: Betons):
    assert "is whole: 9 photos of 32 px in 3 classes" in run("check", betons.val)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--size", 8), "^--size 8: input should be greater than or equal to 16$"),
        (("--val", 0.6, "--test", 0.4), "^val and test together must stay below 1"),
        (("--quality", 101), "^--quality 101: input should be less than or equal to 100$"),
        (("--raw", "--quality", 90), "^--raw stores no JPEGs"),
        (("--workers", 0), "^--workers must be at least 1, got 0$"),
    ],
)
def test_impossible_options_are_one_line_errors(photo_folder: Path, tmp_path: Path, options: tuple, message: str):
    with pytest.raises(DataError, match=message):
        run("build", photo_folder, "--out", tmp_path, *options)


def test_a_missing_folder_is_a_one_line_error(tmp_path: Path):
    with pytest.raises(DataError, match="is neither a folder nor a known source"):
        run("build", tmp_path / "nothing", "--out", tmp_path)


def test_listing_commands_imports_nothing_heavy():
    code = "import sys, data.commands; print({'torch', 'ffcv', 'numpy', 'pydantic'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.strip() == "set()"
