"""A folder on a node's own disk that holds copies of files, by their content.

<sha256>/entry.json      Parcel: what is in the entry
<sha256>/train.beton     its files; the folder appears as a whole, and is never changed
<sha256>.lock            who uses it or makes it, see leases.py; when it was written is when it was last used
origins/*.json           Origin: which entry is the copy of a file of weights
.<sha256>.partial/       an entry that is being made, or was
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data.files import write_atomically
from data.staged.leases import lease
from data.staged.parcel import Parcel, Sha256

_ENTRY = "entry.json"
_HASH_LENGTH = 64


class Origin(BaseModel):
    """A file elsewhere, as it was when it was copied."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: str
    sha256: Sha256
    num_bytes: int
    modified_ns: int


class Stage:
    """The copies in one folder. Many processes use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entry(self, sha256: str) -> Parcel | None:
        """What is kept under this hash; None if nothing is."""
        try:
            return Parcel.model_validate_json((self.folder / sha256 / _ENTRY).read_bytes())
        except (OSError, ValidationError):
            return None

    def file(self, parcel: Parcel) -> Path:
        """The first file of an entry."""
        return self.folder / parcel.sha256 / parcel.name

    def entries(self) -> list[str]:
        """The hashes of all entries, the one first that was not used for longest."""
        folders = [path.name for path in self.folder.iterdir() if len(path.name) == _HASH_LENGTH and path.is_dir()]
        return sorted(folders, key=self._last_used)

    def lock_file(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.lock"

    @contextmanager
    def borrowed(self, sha256: str) -> Iterator[Path | None]:
        """The first file of an entry, which stays as long as it is used; None if there is none."""
        if self.entry(sha256) is None:
            yield None
            return
        with lease(self.lock_file(sha256)) as held:
            held.share()
            entry = self.entry(sha256)
            if entry is not None:
                held.note_use()
            yield self.file(entry) if entry is not None else None

    def origin(self, name: str) -> Origin | None:
        """Which entry is the copy of a file of weights, by its path or its published name."""
        try:
            return Origin.model_validate_json(self._origin_file(name).read_bytes())
        except (OSError, ValidationError):
            return None

    def note_origin(self, parcel: Parcel) -> None:
        origin = Origin(
            origin=parcel.origin,
            sha256=parcel.sha256,
            num_bytes=parcel.num_bytes,
            modified_ns=parcel.modified_ns,
        )
        if self.origin(parcel.origin) != origin:
            write_atomically(self._origin_file(parcel.origin), origin.model_dump_json())

    def discard(self, sha256: str) -> None:
        """Delete an entry, also while it is used: what is open or mapped stays readable until it is closed."""
        gone = self.folder / f".{sha256}.{os.getpid()}.gone"
        try:
            (self.folder / sha256).rename(gone)  # so that nobody ever sees a part of it
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    @contextmanager
    def being_made(self, parcel: Parcel) -> Iterator[Path]:
        """An empty folder that becomes the entry, once all of it is on the disk, if the block succeeds."""
        scratch = self.partial(parcel.sha256)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            yield scratch
            (scratch / _ENTRY).write_text(parcel.model_dump_json())
            for path in (*scratch.iterdir(), scratch):
                _to_disk(path)
            scratch.rename(self.folder / parcel.sha256)
            _to_disk(self.folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def partial(self, sha256: str) -> Path:
        return self.folder / f".{sha256}.partial"

    def remove_leftovers(self) -> None:
        """Delete what copies have left that were broken off."""
        for path in self.folder.glob(".*.*"):
            sha256 = path.name[1:].partition(".")[0]
            if path.suffix == ".gone":
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".partial":
                with lease(self.lock_file(sha256)) as held:
                    if held.alone_at_once():
                        shutil.rmtree(path, ignore_errors=True)

    def _last_used(self, sha256: str) -> float:
        try:
            return self.lock_file(sha256).stat().st_mtime
        except OSError:
            return 0.0

    def _origin_file(self, name: str) -> Path:
        return self.folder / "origins" / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
