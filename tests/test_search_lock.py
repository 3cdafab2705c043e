"""One driver for one sweep, with real processes that are killed, frozen and faster than one another."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from unprivileged import unprivileged

from search.driver import lock
from search.driver.holder import SILENCE_S
from search.driver.lock import holder, is_driven, only_driver, seconds_driven, wait_for_place
from search.errors import SweepError

ROOT = Path(__file__).parents[1]
HOLD = """
import sys
from pathlib import Path
from search.driver.lock import only_driver
with only_driver(Path(sys.argv[1])) as session:
    print("holds", flush=True)
    sys.stdin.read()
    print("lost" if session.lost else "kept", flush=True)
"""
RACE = """
import os, sys
from pathlib import Path
from search.driver.lock import only_driver
from search.errors import SweepError
start, go = os.pipe()
refusals, refused = os.pipe()
for _ in range(8):
    if os.fork() == 0:
        os.close(go)
        os.read(start, 1)
        try:
            with only_driver(Path(sys.argv[1])):
                print("holds", flush=True)
                num_refused = 0
                while num_refused < 7:
                    num_refused += len(os.read(refusals, 8))
        except SweepError:
            os.write(refused, b"x")
        os._exit(0)
os.close(go)
for _ in range(8):
    os.wait()
"""


def run(script: str, sweep: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(sweep)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that drives the sweep at tmp_path / "small"."""
    process = run(HOLD, tmp_path / "small")
    assert process.stdout
    assert process.stdout.readline() == "holds\n"
    yield process
    process.kill()
    process.communicate()


def session_file(sweep: Path, number: int = 1) -> Path:
    return sweep / "driver" / f"{number:04d}.json"


def edit(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def age(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


def write_session(sweep: Path, **fields: Any) -> Path:
    """The file of a process that has ended."""
    with only_driver(sweep):
        (sweep / "sweep.json").touch()
    file = max((sweep / "driver").iterdir())
    edit(file, **fields)
    return file


def test_second_driver_is_refused_in_one_line_until_the_first_has_ended(tmp_path: Path, other: subprocess.Popen[str]):
    sweep = tmp_path / "small"
    with (
        pytest.raises(SweepError, match=f"sweep small is being run by process {other.pid} on ") as refusal,
        only_driver(sweep),
    ):
        pass
    assert "\n" not in str(refusal.value)
    assert holder(sweep).startswith(f"process {other.pid} on ")
    (sweep / "sweep.json").touch()
    other.communicate()
    assert not is_driven(sweep)
    with only_driver(sweep) as session:
        assert (session.number, session.lost, is_driven(sweep)) == (2, False, True)


def test_killed_driver_is_dead_at_once_even_before_its_parent_hears_of_it(tmp_path: Path, other: subprocess.Popen[str]):
    assert is_driven(tmp_path / "small")
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert not is_driven(tmp_path / "small")


def test_later_process_with_the_same_pid_is_not_mistaken_for_the_driver(tmp_path: Path):
    with only_driver(tmp_path):
        edit(session_file(tmp_path), process_start=1)
        assert not is_driven(tmp_path)


def test_one_of_eight_that_start_at_once_wins(tmp_path: Path):
    process = run(RACE, tmp_path / "small")
    assert process.communicate()[0].split() == ["holds"]


def test_what_is_started_again_waits_until_a_driver_of_another_machine_is_silent_or_lives(tmp_path: Path):
    told: list[str] = []
    silent = write_session(tmp_path, boot_id="another", ended=None)
    wait_for_place(tmp_path, told.append, sleep=lambda seconds: age(silent, SILENCE_S + 1))
    assert not is_driven(tmp_path)

    with only_driver(tmp_path):
        beating = session_file(tmp_path, 2)
        edit(beating, boot_id="another")
        beats = iter(["2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z"])
        wait_for_place(tmp_path, told.append, sleep=lambda seconds: edit(beating, beat=next(beats)))
        assert is_driven(tmp_path)
    assert [text.partition(" process ")[0] for text in told] == ["waiting until"] * 2


def test_what_is_started_again_does_not_wait_for_a_driver_of_this_machine(tmp_path: Path):
    with only_driver(tmp_path):
        wait_for_place(tmp_path, pytest.fail, sleep=pytest.fail)


def test_driver_on_another_machine_is_alive_as_long_as_its_file_is_written(tmp_path: Path):
    with only_driver(tmp_path):
        edit(session_file(tmp_path), boot_id="another")
        refused = pytest.raises(SweepError, match=r"last heard of 0 s ago, after 90 s its place is free$")
        with refused, only_driver(tmp_path):
            pass
        for seconds in (SILENCE_S + 1, -SILENCE_S - 1):  # a wrong clock must not keep it alive for ever
            age(session_file(tmp_path), seconds)
            assert not is_driven(tmp_path)


def test_frozen_driver_whose_place_another_took_knows_when_it_wakes(tmp_path: Path, other: subprocess.Popen[str]):
    other.send_signal(signal.SIGSTOP)
    file = session_file(tmp_path / "small")
    assert is_driven(tmp_path / "small")  # as this machine can see
    edit(file, boot_id="as from another machine")
    age(file, SILENCE_S + 1)
    with only_driver(tmp_path / "small") as session:
        other.send_signal(signal.SIGCONT)
        assert other.communicate()[0] == "lost\n"
        assert (session.number, session.lost) == (2, False)
    assert json.loads(file.read_text())["ended"] is None


def test_copied_sweep_is_not_driven_for_longer_than_a_silence_and_the_original_stays_driven(tmp_path: Path):
    sweep, copy = tmp_path / "small", tmp_path / "copy"
    with only_driver(sweep):
        shutil.copytree(sweep, copy)
        for file in (session_file(sweep), session_file(copy)):
            age(file, SILENCE_S + 1)
        assert (is_driven(sweep), is_driven(copy)) == (True, False)


@pytest.mark.parametrize("content", ["", '{"pid": 1'])
def test_driver_that_is_just_beginning_holds_the_sweep(tmp_path: Path, content: str):
    file = session_file(tmp_path)
    file.parent.mkdir()
    file.write_text(content)
    assert is_driven(tmp_path)
    age(file, SILENCE_S + 1)
    assert not is_driven(tmp_path)


def test_seconds_driven_add_up_all_sessions(tmp_path: Path):
    noon = "2026-11-20T12:00:00Z"
    write_session(tmp_path, started=noon, ended="2026-11-20T12:01:00Z")
    write_session(tmp_path, started=noon, beat="2026-11-20T12:00:30Z", ended=None, pid=2**22 + 1)
    session_file(tmp_path, 3).write_text("torn")
    assert seconds_driven(tmp_path) == 90
    assert seconds_driven(tmp_path / "none") == 0


def test_driver_shows_signs_of_life_and_marks_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "BEAT_S", 0.001)
    (tmp_path / "sweep.json").touch()
    file = session_file(tmp_path)
    with only_driver(tmp_path):
        first = json.loads(file.read_text())
        while (last := json.loads(file.read_text()))["beat"] == first["beat"]:
            pass
        assert last["ended"] is None
    assert json.loads(file.read_text())["ended"] >= last["beat"]


def test_folder_that_cannot_be_written_to_is_one_line_and_left_alone(tmp_path: Path):
    tmp_path.chmod(0o555)
    tmp_path.parent.chmod(0o755)
    cannot = pytest.raises(SweepError, match=r"^cannot write into the folder \S+small \(Permission denied\); make room")
    with unprivileged(), cannot, only_driver(tmp_path / "small"):
        pass
    assert list(tmp_path.iterdir()) == []


@contextmanager
def no_room() -> Iterator[None]:
    """As if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_is_one_line_and_leaves_nothing_half_made(tmp_path: Path):
    with no_room(), pytest.raises(SweepError, match="cannot write into"), only_driver(tmp_path / "small"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_driver_outlives_a_full_disk(tmp_path: Path):
    (tmp_path / "sweep.json").touch()
    with only_driver(tmp_path) as session, no_room():
        age(session_file(tmp_path), SILENCE_S + 1)
        session._write()
        assert time.time() - session_file(tmp_path).stat().st_mtime < SILENCE_S


def test_sweep_of_which_nothing_came_leaves_no_folder_behind(tmp_path: Path):
    with pytest.raises(ValueError, match="not begun"), only_driver(tmp_path / "small"):
        raise ValueError("not begun")
    with only_driver(tmp_path / "removed") as session:
        shutil.rmtree(tmp_path / "removed")
        session._write()
    assert list(tmp_path.iterdir()) == []
