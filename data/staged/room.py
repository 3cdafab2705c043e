"""Room for a new copy, made where it must be from copies that nobody uses."""

import os
from contextlib import ExitStack
from pathlib import Path
from socket import gethostname

from rich.filesize import decimal

from data.staged.errors import NoRoomError
from data.staged.leases import lease
from data.staged.place import VARIABLE
from data.staged.stage import Stage

SPARE = 0.05
"""Share of the disk that stays free: on one that is fuller, Ray makes no more objects."""


def free_bytes(folder: Path) -> int:
    """What may be written to the disk of a folder."""
    disk = os.statvfs(folder)
    return max(int((disk.f_bavail - SPARE * disk.f_blocks) * disk.f_frsize), 0)


def make_room(stage: Stage, num_bytes: int) -> list[str]:
    """See to it that the stage has room for so many bytes; names and sizes of the copies that had to go for it.

    Those that were not used for longest go first, and none if there are not enough that nobody uses.

    Raises:
        NoRoomError: there are not.
    """
    missing = num_bytes - free_bytes(stage.folder)
    gone = []
    with ExitStack() as held:
        for sha256 in stage.entries():
            if missing <= 0:
                break
            entry = stage.entry(sha256)
            if entry is not None and held.enter_context(lease(stage.lock_file(sha256))).alone_at_once():
                missing -= entry.num_bytes
                gone.append(entry)
        if missing > 0:
            raise NoRoomError(_told(stage, num_bytes, sum(entry.num_bytes for entry in gone)))
        for entry in gone:
            stage.discard(entry.sha256)
    return [f"{entry.name} ({decimal(entry.num_bytes)})" for entry in gone]


def _told(stage: Stage, num_bytes: int, of_unused: int) -> str:
    free = decimal(free_bytes(stage.folder))
    unused = f", copies that nobody uses {decimal(of_unused)}" if of_unused else ""
    return (
        f"no room on {gethostname()} in {stage.folder} for {decimal(num_bytes)}: {free} are free but for the "
        f"{SPARE:.0%} that Ray needs{unused}; make room there, or name a folder on a larger disk by {VARIABLE}"
    )
