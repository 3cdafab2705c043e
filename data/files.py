"""Files that are either whole or not there, whatever happens while they are written."""

import fcntl
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from data.errors import DataError

_PARTIAL = ".partial"
_LOCK = ".huetune.lock"


@contextmanager
def replaced_atomically(path: Path) -> Iterator[Path]:
    """Yield a scratch path beside `path`; it takes the final name, once on the disk, only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PARTIAL)
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        scratch.chmod(0o644)
        with scratch.open("rb") as written:
            os.fsync(written.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace `path` by `content` in one step."""
    with replaced_atomically(path) as scratch:
        scratch.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def only_writer(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Make `folder`, keep other writers out, and delete what killed ones left half-written of the files `names`.

    Raises:
        DataError: somebody else writes into the folder.
        OSError: the folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A file, as NFS locks no folders; it stays, as somebody may be about to lock it.
    with (folder / _LOCK).open("a") as file:
        try:
            lock(file, wait=False)
        except BlockingIOError:
            raise DataError(f"another build is writing into {folder}; wait for it, or choose another folder") from None
        for name in names:
            for abandoned in folder.glob(f".{glob.escape(name)}.*{_PARTIAL}"):
                abandoned.unlink()
        yield


def lock(file: IO[str] | int, *, wait: bool) -> None:
    """Keep others from locking an open file until it is closed; nothing happens where the file system has no locks.

    Raises BlockingIOError if another process has locked it and we are not to wait.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:  # some network file systems have none
        return


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
