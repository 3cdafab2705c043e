"""A parcel brought to this node once, whoever else asks for it at the same time."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from typing import Protocol

from data.manifest import MEND
from data.staged.errors import AlteredError, NoRoomError, StagingError
from data.staged.leases import Lease, lease
from data.staged.parcel import Parcel, Piece
from data.staged.place import VARIABLE
from data.staged.room import make_room
from data.staged.stage import Stage

CHUNK_BYTES = 4 << 20
_STAGE_LOCK = ".lock"
Chunk = bytes | memoryview
Advance = Callable[[int], None]
"""Is told of bytes that have been copied."""
Evicted = Callable[[str], None]


class Source(Protocol):
    """Where the files of a parcel are read from."""

    shown: str
    """In words."""

    def chunks(self, parcel: Parcel, piece: Piece) -> Iterable[Chunk]:
        """The bytes of a file, some megabytes at a time; each may be overwritten when the next but one is asked for.

        Raises StagingError if it cannot be read.
        """


@dataclass(frozen=True)
class Brought:
    """What came of it."""

    file: Path
    copied: bool
    """False: the node had it already."""


@contextmanager
def brought(stage: Stage, parcel: Parcel, source: Source, advance: Advance, evicted: Evicted) -> Iterator[Brought]:
    """A parcel on this node's disk, where it stays as long as it is used; copied from `source` unless it is there.

    Of many processes that ask for it one copies, and the others wait; if that one dies the next begins anew.
    evicted: is told of each copy that has to go to make room, also where the parcel cannot be brought in the end.

    Raises:
        NoRoomError: the disk has no room for it.
        AlteredError: what arrived has another hash.
        StagingError: the source cannot be read, or the disk not be written to.
    """
    with ExitStack() as held:
        with _told(stage):
            own = held.enter_context(lease(stage.lock_file(parcel.sha256)))
            copied = _obtained(stage, parcel, own, lambda: _make(stage, parcel, source, advance, evicted))
            own.note_use()
            if parcel.origin:
                stage.note_origin(parcel)
        kept = stage.entry(parcel.sha256) or parcel
        yield Brought(stage.file(kept), copied)


def _obtained(stage: Stage, parcel: Parcel, held: Lease, make: Callable[[], None]) -> bool:
    """Whether the parcel had to be made; it is there, and its lease is shared, in the end."""
    made = False
    held.share()
    while stage.entry(parcel.sha256) is None:
        held.alone()
        if stage.entry(parcel.sha256) is None:
            make()
            made = True
        held.share()
    return made


def _make(stage: Stage, parcel: Parcel, source: Source, advance: Advance, evicted: Evicted) -> None:
    with stage.being_made(parcel) as scratch:
        with lease(stage.folder / _STAGE_LOCK) as held:  # so that no two count on the same room
            held.alone()
            stage.remove_leftovers()
            for gone in make_room(stage, parcel.num_bytes):
                evicted(gone)
            for piece in parcel.pieces:
                _reserve(scratch / piece.name, piece.num_bytes)
        for piece in parcel.pieces:
            _copy(piece, source.chunks(parcel, piece), source.shown, scratch / piece.name, advance)


@contextmanager
def _told(stage: Stage) -> Iterator[None]:
    """What the disk refuses, in a line."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (NoRoomError if full else StagingError)(
            f"{stage.folder} on {gethostname()} cannot be written to ({error.strerror}); mend that, or name another "
            f"folder by {VARIABLE}"
        ) from None


def _reserve(file: Path, num_bytes: int) -> None:
    with file.open("wb") as empty:
        if num_bytes:
            os.posix_fallocate(empty.fileno(), 0, num_bytes)


def _copy(piece: Piece, chunks: Iterable[Chunk], shown: str, target: Path, advance: Advance) -> None:
    """Write a file; one chunk is hashed while the next is read and written."""
    digest, num_bytes = hashlib.sha256(), 0
    hashed: Future[None] | None = None
    with target.open("r+b") as file, ThreadPoolExecutor(1) as hasher:
        for chunk in chunks:
            num_bytes += len(chunk)
            if num_bytes > piece.num_bytes:
                break
            if hashed is not None:
                hashed.result()
            hashed = hasher.submit(digest.update, chunk)
            file.write(chunk)
            advance(len(chunk))
    if num_bytes != piece.num_bytes:
        raise AlteredError(
            f"{piece.name} from {shown} has not the {piece.num_bytes:,} bytes that it should have; {MEND}"
        )
    if digest.hexdigest() != piece.sha256:
        raise AlteredError(
            f"{piece.name} from {shown} was altered: its sha256 is {digest.hexdigest()[:12]}..., not "
            f"{piece.sha256[:12]}...; {MEND}"
        )
