"""One driver for one sweep: two would train the same trials into the same folders."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import SweepError


def is_driven(folder: Path) -> bool:
    """Whether a process runs the sweep now."""
    try:
        with (folder / "driver.lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def only_driver(folder: Path) -> Iterator[None]:
    """Hold the sweep's lock. The system gives it back when the process ends, however it ends.

    Raises:
        SweepError: another process holds it, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SweepError(f"cannot make the folder {folder} ({error.strerror}); give another --storage") from None
    with (folder / "driver.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise SweepError(
                f"sweep {folder.name} is being run by {holder}; wait for its end, or stop that with Ctrl-C first"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
