"""Who uses an entry of a stage, and who makes or deletes it: locks of the kernel's, which end with their process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Lease:
    """A lock on one entry. Nothing is locked where the file system has no locks."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def share(self) -> None:
        """Keep it from being deleted; waits for whoever makes it."""
        self._lock(fcntl.LOCK_SH)

    def alone(self) -> None:
        """Be the only one; waits for all others. In between nobody has it, if it was shared."""
        self._lock(fcntl.LOCK_EX)

    def alone_at_once(self) -> bool:
        """Whether nobody else has it, and it is ours alone now."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def note_use(self) -> None:
        """What was used last is deleted last."""
        os.utime(self._handle)

    def _lock(self, kind: int) -> None:
        with suppress(OSError):
            fcntl.flock(self._handle, kind)


@contextmanager
def lease(file: Path) -> Iterator[Lease]:
    """A lease by a file, which is made, and stays. Raises OSError where it cannot be made."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield Lease(handle)
    finally:
        os.close(handle)
