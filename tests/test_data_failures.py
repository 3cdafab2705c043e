"""Builds that are stopped, killed, or have no room: one clear line, and no half-written file under a final name."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from photos import written
from unprivileged import unprivileged

from data.build import already_built, build
from data.check import check_full
from data.config import BuildOptions
from data.errors import DataError
from data.manifest import check_quick
from data.sources.registry import open_source

SMALL = BuildOptions(size=16, val=0.27, test=0.1)
SPLITS = ("train", "val", "test")


def until(happened: Callable[[], bool]) -> None:
    """Wait for it, for a minute at most."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def sizes(folder: Path, pattern: str) -> list[int]:
    """Bytes of the files of such names."""
    return [path.stat().st_size for path in folder.glob(pattern)]


def mount(disk: Path, *options: str) -> None:
    subprocess.run(["mount", *options, disk], check=True, capture_output=True)  # noqa: S603, S607


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 4 KiB until it is resized."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mount(disk, "-t", "tmpfs", "-o", "size=4k", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a file system")
    yield disk
    subprocess.run(["umount", disk], check=True)  # noqa: S603, S607


def test_disk_that_fills_up_anywhere_is_an_error_and_leaves_nothing(photo_folder: Path, small_disk: Path):
    """From a disk for the first table only to one for all but the last manifest, in steps of a memory page."""
    source, refusals = open_source(str(photo_folder)), []
    for num_kib in range(4, 1000, 4):
        mount(small_disk, "-o", f"remount,size={num_kib}k")
        try:
            manifests = build(source, small_disk, SMALL, num_workers=1)
            break
        except DataError as error:
            refusals.append(str(error))
        assert written(small_disk) == []
    assert len(refusals) > 10
    assert set(refusals) == {f"cannot write into {small_disk} (No space left on device); make room there"}
    for split in SPLITS:
        assert check_full(small_disk / f"{split}.beton") == manifests[split]


def test_earlier_build_survives_a_full_disk(photo_folder: Path, small_disk: Path):
    source = open_source(str(photo_folder))
    mount(small_disk, "-o", "remount,size=300k")
    manifests = build(source, small_disk, SMALL, num_workers=1)
    with pytest.raises(DataError, match="No space left on device"):
        build(source, small_disk, SMALL.model_copy(update={"size": 64, "quality": None}), num_workers=1)
    assert already_built(source, small_disk, SMALL) == manifests
    assert written(small_disk) == sorted(f"{split}.beton{end}" for split in SPLITS for end in ("", ".json"))


_KILLED = """
import os, signal, sys
from pathlib import Path
from data.build import build
from data.config import BuildOptions
from data.sources.registry import open_source

def dying(items, description, total):
    for number, item in enumerate(items):
        if description == "writing val.beton" and number == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        yield item

build(open_source(sys.argv[1]), Path(sys.argv[2]), BuildOptions(size=24, val=0.27), num_workers=1, track=dying)
"""


@pytest.mark.slow
def test_killed_build_leaves_the_earlier_one_and_its_remains_are_cleared_by_the_next(
    photo_folder: Path, tmp_path: Path
):
    source, options = open_source(str(photo_folder)), BuildOptions(size=16, val=0.27)
    before = build(source, tmp_path, options, num_workers=1)
    killed = subprocess.run([sys.executable, "-c", _KILLED, photo_folder, tmp_path], check=False)  # noqa: S603
    assert killed.returncode == -signal.SIGKILL
    remains = [name for name in written(tmp_path) if name.endswith(".partial")]
    assert any(name.startswith(".train.beton.") for name in remains)
    assert any(name.startswith(".val.beton.") for name in remains)
    assert already_built(source, tmp_path, options) == before
    after = build(source, tmp_path, options.model_copy(update={"size": 24}), num_workers=1)
    assert written(tmp_path) == ["train.beton", "train.beton.json", "val.beton", "val.beton.json"]
    assert {split: check_full(tmp_path / f"{split}.beton") for split in after} == after


def test_build_killed_while_files_take_their_names_is_not_taken_for_whole(photo_folder: Path, tmp_path: Path):
    """The .beton files take theirs first, so what a killed build can leave is new files under earlier manifests."""
    source = open_source(str(photo_folder))
    build(source, tmp_path / "old", SMALL, num_workers=1)
    build(source, tmp_path / "new", SMALL.model_copy(update={"seed": 1}), num_workers=1)
    for split in reversed(SPLITS):
        shutil.copy(tmp_path / f"new/{split}.beton", tmp_path / "old")
        assert already_built(source, tmp_path / "old", SMALL) is None
        with pytest.raises(DataError, match=rf"{split}\.beton is not what was built"):
            check_quick(tmp_path / f"old/{split}.beton")


_SLOWED = """
import itertools, signal, sys, time
import data.build, huetune

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born without it

first, encoded, calls = int(sys.argv.pop(1)), data.build._encoded, itertools.count()

def slowly(kept, options):
    time.sleep(next(calls) >= first)
    return encoded(kept, options)

data.build._encoded = slowly
huetune.main()
"""
"""The command line, in which every photo but the first ones of a build takes a second."""


@pytest.mark.slow
@pytest.mark.parametrize(("split", "number", "first"), [("train", signal.SIGINT, 6), ("val", signal.SIGTERM, 23)])
def test_signals_end_a_build_at_once_and_without_remains(
    photo_folder: Path, tmp_path: Path, split: str, number: signal.Signals, first: int
):
    out = tmp_path / "out"
    options = ["--size", "64", "--raw", "--val", "16", "--workers", "1"]
    command = [sys.executable, "-c", _SLOWED, str(first), "data", "build", photo_folder, "--out", out, *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    until(lambda: running.poll() is not None or any(sizes(out, f".{split}.beton.????????.partial")))
    assert running.poll() is None
    running.send_signal(number)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors.startswith(f"huetune: interrupted; no file in {out} was replaced")
    assert "Traceback" not in output + errors
    assert written(out) == []


def test_folder_that_may_not_be_written_to_is_named(photo_folder: Path, tmp_path: Path):
    source = open_source(str(photo_folder))
    (tmp_path / "out").mkdir(mode=0o555)
    with unprivileged():
        assert already_built(source, tmp_path / "out", SMALL) is None
        with pytest.raises(DataError, match=r"out \(Permission denied\); choose a folder that you may write to$"):
            build(source, tmp_path / "out", SMALL, num_workers=1)
    assert written(tmp_path / "out") == []


def test_file_in_the_place_of_the_folder_is_named(photo_folder: Path, tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DataError, match=r"cannot write into .*out \(File exists\); choose a folder"):
        build(open_source(str(photo_folder)), tmp_path / "out", SMALL, num_workers=1)
    assert (tmp_path / "out").read_text() == "mine"


def test_photos_that_may_not_be_read_are_counted(photo_folder: Path):
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are for their user only
        folder = Path(name)
        for label in ("leaf", "sail"):
            (folder / "photos" / label).mkdir(parents=True)
            Path(shutil.copy(photo_folder / label / "01.jpg", folder / "photos" / label)).chmod(0)
        (folder / "out").mkdir()
        (folder / "out").chmod(0o777)
        folder.chmod(0o755)
        source = open_source(str(folder / "photos"))
        with unprivileged(), pytest.raises(DataError, match=r"no usable photo \(dropped: 2 unreadable\); give other"):
            build(source, folder / "out", SMALL, num_workers=1)
