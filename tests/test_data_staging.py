"""Copies of files on a node's own disk: made once, whole, found again, and deleted only when nobody uses them."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from photos import Betons

from data.manifest import check_quick, manifest_path
from data.staged import room
from data.staged.bring import Brought, brought
from data.staged.errors import AlteredError, NoRoomError, StagingError
from data.staged.local_copy import local_copy, published_copy
from data.staged.parcel import Parcel, Piece, beton_parcel, weights_parcel
from data.staged.place import made_stage, own_stage
from data.staged.sources import PathSource, StoreSource
from data.staged.stage import Stage
from data.stores import store_folder

EVICTED: list[str] = []
"""What had to go, in this test."""


@pytest.fixture(autouse=True)
def _nothing_has_gone() -> None:
    EVICTED.clear()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("HUETUNE_STAGE", str(tmp_path / "node"))
    return made_stage()


def bring(stage: Stage, parcel: Parcel, source: PathSource | StoreSource | None = None) -> Brought:
    with brought(stage, parcel, source or PathSource(), lambda _: None, EVICTED.append) as done:
        return done


def weights(folder: Path, name: str, content: bytes) -> Parcel:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return weights_parcel(folder / name, str(folder / name))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_beton_is_copied_once_with_its_manifest(stage: Stage, betons: Betons):
    parcel = beton_parcel(betons.train)
    first, second = bring(stage, parcel), bring(stage, parcel)
    assert (first.copied, second.copied) == (True, False)
    assert first.file == stage.folder / hashlib.sha256(betons.train.read_bytes()).hexdigest() / "train.beton"
    assert check_quick(first.file) == check_quick(betons.train)
    assert first.file.read_bytes() == betons.train.read_bytes()
    with stage.borrowed(parcel.sha256) as file, stage.borrowed("0" * 64) as nothing:
        assert (file, nothing) == (first.file, None)


def test_progress_counts_every_byte(stage: Stage, betons: Betons):
    parcel, told = beton_parcel(betons.train), []
    with brought(stage, parcel, PathSource(), told.append, EVICTED.append):
        assert sum(told) == parcel.num_bytes == sum(path.stat().st_size for path in both(betons.train))


def both(beton: Path) -> tuple[Path, Path]:
    return beton, manifest_path(beton)


def test_altered_source_is_refused_and_leaves_nothing(stage: Stage, beton: Path):
    parcel = beton_parcel(beton)
    content = bytearray(beton.read_bytes())
    content[len(content) // 3] ^= 1
    beton.write_bytes(content)
    with pytest.raises(AlteredError, match=r"val\.beton from its own path was altered: its sha256 is"):
        bring(stage, parcel)
    beton.write_bytes(content[:-1])
    with pytest.raises(AlteredError, match=r"has not the [\d,]+ bytes"):
        bring(stage, parcel)
    assert names_in(stage.folder) == ["origins"]


def test_missing_source_is_told(stage: Stage, beton: Path):
    parcel = beton_parcel(beton)
    beton.unlink()
    with pytest.raises(StagingError, match=r"val\.beton cannot be read \(No such file"):
        bring(stage, parcel)
    assert not PathSource().has(parcel)


def test_file_comes_from_a_store(stage: Stage, betons: Betons):
    source = StoreSource(store_folder(betons.train.parent.as_uri()))
    parcel = beton_parcel(betons.train).model_copy(update={"folder": Path("/nowhere")})
    assert (source.has(parcel), PathSource().has(parcel)) == (True, False)
    assert bring(stage, parcel, source).file.read_bytes() == betons.train.read_bytes()


# Two processes, and ends of processes.


class Copies:
    """Processes that copy one parcel, and wait on the way for as long as `hold` is there."""

    def __init__(self, stage: Stage, parcel: Parcel, folder: Path) -> None:
        self.begun, self.hold = folder / "begun", folder / "hold"
        (folder / "parcel.json").write_text(parcel.model_dump_json())
        script = Path(__file__).with_name("slow_copy.py")
        files = [stage.folder, folder / "parcel.json", self.begun, self.hold]
        self._command = [sys.executable, script, *files]
        self.hold.touch()

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command)  # noqa: S603

    def wait_for_begin(self) -> None:
        while not self.begun.exists() or not self.begun.read_text():
            time.sleep(0.01)

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.begun.read_text().splitlines()]


def test_processes_at_once_copy_once(stage: Stage, betons: Betons, tmp_path: Path):
    copies = Copies(stage, beton_parcel(betons.train), tmp_path)
    processes = [copies.start() for _ in range(3)]
    copies.wait_for_begin()
    copies.hold.unlink()
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert [name for _, name in copies.lines()] == ["train.beton", "train.beton.json"]
    assert len({pid for pid, _ in copies.lines()}) == 1


def test_who_waits_takes_over_from_a_killed_one(stage: Stage, betons: Betons, tmp_path: Path):
    parcel = beton_parcel(betons.train)
    copies = Copies(stage, parcel, tmp_path)
    first = copies.start()
    copies.wait_for_begin()
    second = copies.start()
    assert names_in(stage.folder) == [f".{parcel.sha256}.partial", "origins"]
    first.kill()
    first.wait()
    copies.hold.unlink()
    assert second.wait() == 0
    assert names_in(stage.folder) == [parcel.sha256, "origins"]
    assert stage.file(parcel).read_bytes() == betons.train.read_bytes()


def test_leftover_of_a_killed_copy_goes_with_the_next_one(stage: Stage, betons: Betons, tmp_path: Path):
    copies = Copies(stage, beton_parcel(betons.train), tmp_path)
    killed = copies.start()
    copies.wait_for_begin()
    killed.kill()
    killed.wait()
    other = beton_parcel(betons.val)
    bring(stage, other)
    assert names_in(stage.folder) == [other.sha256, "origins"]


# Room.


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage on a disk of 8 MB, of which 0.4 stay free."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("mounting a small disk takes root")
    mounted = subprocess.run(  # noqa: S603
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    monkeypatch.setenv("HUETUNE_STAGE", str(folder / "stage"))
    yield made_stage()
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607


MB = 1_000_000


def test_unused_copies_make_room_the_oldest_first(disk: Stage, tmp_path: Path):
    three = [weights(tmp_path / "weights", f"{number}.pth", bytes([number]) * 2 * MB) for number in range(3)]
    for parcel in three:
        bring(disk, parcel)
    with disk.borrowed(three[0].sha256):  # used later than the second
        pass
    bring(disk, weights(tmp_path / "weights", "new.pth", b"n" * 3 * MB))
    assert EVICTED == ["1.pth (2.0 MB)"]
    assert [disk.entry(parcel.sha256) is not None for parcel in three] == [True, False, True]


def test_used_copies_stay_whatever_is_asked_for(disk: Stage, tmp_path: Path):
    first = weights(tmp_path / "weights", "first.pth", b"1" * 3 * MB)
    unused = weights(tmp_path / "weights", "unused.pth", b"2" * MB)
    large = weights(tmp_path / "weights", "large.pth", b"3" * 6 * MB)
    bring(disk, unused)
    with brought(disk, first, PathSource(), lambda _: None, EVICTED.append) as done:
        with pytest.raises(NoRoomError, match=r"no room on .* for 6\.0 MB: 3\.\d MB are free .*, copies .* 1\.0 MB"):
            bring(disk, large)
        assert done.file.read_bytes() == b"1" * 3 * MB
        assert (disk.entry(unused.sha256) is not None, EVICTED) == (True, [])
    bring(disk, large)
    assert sorted(EVICTED) == ["first.pth (3.0 MB)", "unused.pth (1.0 MB)"]


def test_room_is_reserved_before_a_byte_is_read(disk: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    parcel = weights(tmp_path / "weights", "large.pth", b"3" * 9 * MB)
    monkeypatch.setattr(room, "free_bytes", lambda _: 10 * MB)  # another fills the disk meanwhile
    with pytest.raises(NoRoomError, match=r"cannot be written to \(No space left on device\)"):
        bring(disk, parcel, Unread())
    assert names_in(disk.folder) == ["origins"]


class Unread(PathSource):
    def chunks(self, parcel: Parcel, piece: Piece) -> Iterator[memoryview]:
        raise AssertionError("nothing was to be read")


# Weights.


def test_weights_are_found_by_their_path_as_long_as_it_holds_the_same(stage: Stage, tmp_path: Path):
    parcel = weights(tmp_path / "weights", "mine.pth", b"first")
    original, copy = tmp_path / "weights/mine.pth", bring(stage, parcel).file
    with local_copy(original) as found:
        assert found == copy
    original.rename(tmp_path / "gone")
    with local_copy(original) as found:
        assert found == copy
    original.write_bytes(b"other")
    with local_copy(original) as found:
        assert found == original
    changed = bring(stage, weights_parcel(original, str(original))).file
    with local_copy(original) as found:
        assert (found, found.read_bytes()) == (changed, b"other")


def test_published_weights_are_found_by_their_name(stage: Stage, tmp_path: Path):
    (tmp_path / "resnet18-f37072fd.pth").write_bytes(b"weights")
    copy = bring(stage, weights_parcel(tmp_path / "resnet18-f37072fd.pth", "resnet18-f37072fd.pth")).file
    with published_copy("resnet18-f37072fd.pth") as found, published_copy("vgg16.pth") as none:
        assert (found, none) == (copy, None)


# The place.


def test_place_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HUETUNE_STAGE", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert own_stage() is None
    folder = made_stage().folder
    assert folder == tmp_path / f"huetune-{os.getuid()}/stage"
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
    folder.chmod(0o777)
    assert own_stage() is None
    with pytest.raises(StagingError, match="is not the user's alone; delete it, or name another folder by HUETUNE_"):
        made_stage()


def test_place_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUETUNE_STAGE", "/proc/stage")
    with pytest.raises(StagingError, match=r"/proc/stage cannot be used for copies \("):
        made_stage()


def test_light_enough_for_a_task_that_copies():
    question = "import sys, data.staged.bring, data.staged.sources; print('torch' in sys.modules, 'ray' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)  # noqa: S603
    assert answer.stdout.split() == ["False", "False"]
