"""One driver for one sweep: two would train the same trials into the same folders.

Each process that runs a sweep makes the next of `<sweep>/driver/0001.json`, `0002.json`, ...; the highest number holds.
A file can be made only once, on NFS too, so one of several that try gets it; none goes while the sweep is there, which
makes a stale listing harmless. No lock of the file system's is needed, which NFS may lose, or keep for a dead machine.
Whether the holder is alive: see holder.py.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from search.control.fresh import fresh_names
from search.control.mailbox import new_id
from search.driver.holder import BEAT_S, SILENCE_S, Holder, is_there, read_holder, silence_s
from search.errors import SweepError

_PROOF_OF_LIFE = 3
"""Different beats seen. Two may be an old one that an NFS client remembered, and the last one."""


class Session:
    """The time for which this process runs a sweep."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.number = int(path.stem)
        self._path, self._holder = path, holder
        self._over = threading.Event()
        self._beats = threading.Thread(target=self._beat, name="sweep-beat", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether another process has taken the sweep over, as happens to one that was frozen for minutes: ask before
        every write, and then write no more."""
        return _session_file(self._path.parent, self.number + 1).exists()

    def start(self) -> None:
        self._beats.start()

    def end(self) -> None:
        self._over.set()
        self._beats.join()
        self._write(ended=datetime.now(UTC))

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            self._write(beat=datetime.now(UTC))

    def _write(self, **times: datetime) -> None:
        self._holder = self._holder.model_copy(update=times)
        with suppress(OSError):  # the storage may answer again
            if self.lost:
                return
            try:
                _write(self._path, self._holder)
            except OSError:  # a full disk takes no file, but still takes a time
                os.utime(self._path)


@contextmanager
def only_driver(folder: Path) -> Iterator[Session]:
    """Hold the sweep; a process that is killed loses it at once, and one whose machine vanishes after SILENCE_S.

    Raises:
        SweepError: another process holds it, or the folder cannot be made or written to.
    """
    sessions = folder / "driver"
    try:
        sessions.mkdir(parents=True, exist_ok=True)
        session = _take(sessions)
    except OSError as error:
        _remove_if_empty(sessions, folder)
        raise SweepError(
            f"cannot write into the folder {folder} ({error.strerror}); make room, or give another --storage"
        ) from None
    session.start()
    try:
        yield session
    finally:
        session.end()
        with suppress(OSError):
            if [path.name for path in folder.iterdir()] == ["driver"] and not session.lost:  # nothing came of it
                _session_file(sessions, session.number).unlink()
                _remove_if_empty(sessions, folder)


def wait_for_place(folder: Path, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep) -> None:
    """Return once nobody runs the sweep, or somebody certainly does, whom only_driver will name.

    For what a cluster starts again, elsewhere, as soon as a machine has died: that its driver has died too is known
    only after SILENCE_S.
    """
    beats: set[datetime] = set()
    while (newest := _newest(folder / "driver")) is not None and is_there(newest):
        holder = read_holder(newest)
        if holder is not None:
            if holder.is_local:
                return
            if not beats:
                tell(f"waiting until {holder} is heard of, or has been silent for {SILENCE_S:.0f} s")
            beats.add(holder.beat)
            if len(beats) == _PROOF_OF_LIFE:
                return
        sleep(1)


def is_driven(folder: Path) -> bool:
    """Whether a process runs the sweep now."""
    newest = _newest(folder / "driver")
    return newest is not None and is_there(newest)


def holder(folder: Path) -> str:
    """The process that runs the sweep, or ran it last, in words."""
    newest = _newest(folder / "driver")
    return str((newest and read_holder(newest)) or "another process")


def seconds_driven(folder: Path) -> float:
    """For how long the sweep has been run, by all processes one after the other."""
    holders = [read_holder(path) for path in _session_files(folder / "driver")]
    return sum(holder.seconds for holder in holders if holder)


def _take(sessions: Path) -> Session:
    while True:
        newest = _newest(sessions)
        if newest is not None and is_there(newest):
            raise SweepError(_refusal(newest))
        path = _session_file(sessions, int(newest.stem) + 1 if newest else 1)
        holder = Holder.this_process(sessions)
        with suppress(FileExistsError):  # somebody was faster: look again
            _make(path, holder)
            break
    session = Session(path, holder)
    if session.lost:  # this process was frozen between the two
        raise SweepError(_refusal(_session_file(sessions, session.number + 1)))
    return session


def _make(path: Path, holder: Holder) -> None:
    """Whole and in one step, where the file system has links.

    Raises:
        FileExistsError: it is there.
    """
    scratch = path.with_name(f"{new_id()}.partial")
    try:
        scratch.write_text(holder.model_dump_json())
        try:
            path.hardlink_to(scratch)
        except FileExistsError:
            raise
        except OSError:
            with path.open("x") as file:
                file.write(holder.model_dump_json())
    finally:
        scratch.unlink(missing_ok=True)


def _write(path: Path, holder: Holder) -> None:
    """In one step; into no folder that has gone, and not waiting for the disk, as a lost beat says nothing."""
    scratch = path.with_suffix(".partial")
    try:
        scratch.write_text(holder.model_dump_json())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _refusal(newest: Path) -> str:
    holder = read_holder(newest)
    if holder is not None and holder.is_local and holder.folder_inode == newest.parent.stat().st_ino:
        silent = ""
    else:  # of another machine, or of the sweep that this is a copy of
        silent = f"; that was last heard of {silence_s(newest):.0f} s ago, after {SILENCE_S:.0f} s its place is free"
    return (
        f"sweep {newest.parents[1].name} is being run by {holder or 'another process'}; wait for its end, or stop that "
        f"with Ctrl-C first{silent}"
    )


def _newest(sessions: Path) -> Path | None:
    return max(_session_files(sessions), key=lambda path: int(path.stem), default=None)


def _session_files(sessions: Path) -> list[Path]:
    return [sessions / name for name in fresh_names(sessions) if name.removesuffix(".json").isdecimal()]


def _session_file(sessions: Path, number: int) -> Path:
    return sessions / f"{number:04d}.json"


def _remove_if_empty(*folders: Path) -> None:
    """Innermost first."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()
