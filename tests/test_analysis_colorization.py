"""Photos colorized, and where they go."""

from pathlib import Path

import pytest
from photos import Betons, make_photo
from PIL import Image
from rich.console import Console
from trained_sweeps import written_sweep
from typer.testing import CliRunner

from analysis.trained.colorization import colorize_photos
from data.errors import DataError
from huetune import app


def test_colours_go_into_a_folder_of_their_own_and_not_beside_the_photo(
    betons: Betons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written_sweep(tmp_path / "sweep", betons, ["brick", "leaf", "sail"])
    (tmp_path / "photos").mkdir()
    make_photo("leaf", 3).save(tmp_path / "photos" / "leaf.jpg")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    command = ["colorize", "../photos/leaf.jpg", "--from", "sweep", "--storage", str(tmp_path)]
    shown = CliRunner().invoke(app, command)
    assert (shown.exit_code, shown.stdout) == (0, "colorized/leaf-colorized.png\n")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["leaf.jpg"]
    with Image.open("colorized/leaf-colorized.png") as colorized:
        assert colorized.size == make_photo("leaf", 3).size


def test_photos_of_one_name_are_refused_before_anything_is_loaded(tmp_path: Path):
    photos = [tmp_path / folder / "leaf.jpg" for folder in ("a", "b")]
    with pytest.raises(
        DataError, match=r"2 of the photos would become .*leaf-colorized\.png; give each its own folder"
    ):
        next(colorize_photos(photos, "nothing", str(tmp_path), tmp_path / "out", Console(quiet=True)))
    assert not (tmp_path / "out").exists()
