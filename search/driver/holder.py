"""Who holds a sweep, as its newest session file says, and whether that process is still there."""

import math
import os
import tempfile
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from search.control.mailbox import who

BEAT_S = 5.0
SILENCE_S = 90.0
"""After so long without a beat a process that cannot be looked at is dead. NFS clients may see a file a minute late."""


class Holder(BaseModel):
    """A session file: one process that runs, or ran, the sweep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    process_start: int
    """In clock ticks since the boot: with it a pid is never mistaken for a later process's."""
    boot_id: str
    pid_namespace: int
    folder_inode: int
    """Of the folder that the file was written into; a copy of the sweep has another."""
    who: str
    """user@host"""
    started: datetime
    beat: datetime
    """When the process last said that it is there."""
    ended: datetime | None = None

    @classmethod
    def this_process(cls, folder: Path) -> Self:
        now, (boot_id, pid_namespace) = datetime.now(UTC), _machine()
        start, inode = _process_start(os.getpid()), folder.stat().st_ino
        assert start is not None
        return cls(
            pid=os.getpid(),
            process_start=start,
            boot_id=boot_id,
            pid_namespace=pid_namespace,
            folder_inode=inode,
            who=who(),
            started=now,
            beat=now,
        )

    @property
    def is_local(self) -> bool:
        """Whether its pid means here what it means there."""
        return (self.boot_id, self.pid_namespace) == _machine()

    @property
    def seconds(self) -> float:
        """How long it has run the sweep. Both times are of the same clock."""
        return max(0.0, ((self.ended or self.beat) - self.started).total_seconds())

    def __str__(self) -> str:
        started, now = self.started.astimezone(), datetime.now().astimezone()
        since = f"{started:%H:%M}" if started.date() == now.date() else f"{started:%Y-%m-%d %H:%M}"
        return f"process {self.pid} on {self.who.rpartition('@')[2]} since {since}"


def read_holder(path: Path) -> Holder | None:
    """None: it has not been written yet, or is damaged."""
    try:
        return Holder.model_validate_json(path.read_bytes())
    except (ValidationError, OSError):
        return None


def silence_s(path: Path) -> float:
    """How long ago a session file was written, both times by the clock of the machine that holds the files."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as touched:
            now = os.fstat(touched.fileno()).st_mtime
    except OSError:  # of somebody who may only read
        now = time.time()
    try:
        return abs(now - path.stat().st_mtime)
    except FileNotFoundError:
        return math.inf


def is_there(path: Path) -> bool:
    """Whether the process of a session file still runs the sweep."""
    holder = read_holder(path)
    if holder is None:  # it is just beginning, perhaps
        return silence_s(path) < SILENCE_S
    if holder.ended is not None:
        return False
    if holder.is_local:
        alive = _is_alive(holder.pid, holder.process_start)
        # A copied sweep names a process that runs the original.
        if alive is not None and (not alive or holder.folder_inode == path.parent.stat().st_ino):
            return alive
    return silence_s(path) < SILENCE_S


@cache
def _machine() -> tuple[str, int]:
    """What a pid is known in: this boot of this machine, this container."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip(), Path("/proc/self/ns/pid").stat().st_ino


def _is_alive(pid: int, process_start: int) -> bool | None:
    """None: it is hidden from us."""
    try:
        return _process_start(pid) == process_start
    except FileNotFoundError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return None
    return None


def _process_start(pid: int) -> int | None:
    """Fields 3 and 22 of proc(5). None: it has ended, and only waits for its parent to hear of it."""
    # The name before them may hold blanks and brackets.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
