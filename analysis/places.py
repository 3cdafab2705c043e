"""Where a sweep is read from: a local folder, or any store that pyarrow opens, from which its records are fetched."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyarrow import fs
from rich.console import Console
from rich.progress import track

from data.errors import HuetuneError
from data.stores import answer_in_time, local_folder, shown_address, store_folder, told_in_words
from search.storage import checked_name, sweep_folder

FETCHED_AT_ONCE = 24
"""Files: each of them is small, and is waited for longer than it takes to transfer."""
_OF_THE_SWEEP = ("sweep.json",)
_OF_A_TRIAL = re.compile(
    r"trials/\d+/(trial\.json|state\.json|tested\.json|failed-test\.json|evaluations\.jsonl|exploits\.jsonl|error\.txt)"
)


class PlaceError(HuetuneError):
    """A storage does not have the sweep, or a file of it."""


@dataclass(frozen=True)
class Remote:
    """A sweep's folder in a store."""

    store: fs.FileSystem
    root: str
    """Path of the folder inside the store."""
    shown: str
    """The same for people, without credentials."""


@dataclass(frozen=True)
class Place:
    """A sweep that can be read: with its records in `folder`, the sweep's own or a copy."""

    folder: Path
    remote: Remote | None = None

    @property
    def report_folder(self) -> Path:
        """Where its report goes unless somebody says otherwise: not into a copy, which will be gone."""
        return self.folder / "report" if self.remote is None else Path.cwd() / f"{self.folder.name}-report"

    def bring(self, file: Path) -> Path:
        """`file`, which is in `folder` if the sweep has it: fetched first if it is not one of the records.

        Raises:
            PlaceError: it is not in the store.
            StoreError: the store cannot be read.
        """
        if self.remote is not None and not file.exists():
            path = file.relative_to(self.folder).as_posix()
            if not _fetch(self.remote, path, self.folder):
                raise PlaceError(f"{self.remote.shown} has no {path}: it was deleted, or never copied there")
        return file

    def bring_some(self, files: Sequence[Path]) -> None:
        """Fetch those of `files` that the store has, many at once; of a sweep in a folder nothing is to be done.

        Raises:
            StoreError: the store cannot be read.
        """
        if (remote := self.remote) is not None:
            paths = [file.relative_to(self.folder).as_posix() for file in files]
            with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
                list(pool.map(lambda path: _fetch(remote, path, self.folder), paths))


@contextmanager
def sweep_at(storage: str, name: str, console: Console) -> Iterator[Place]:
    """The sweep `name` in `storage`: a folder, or s3://bucket/folder and the like, fetched for as long as it is used.

    What is in a store is copied to a temporary folder, without checkpoints, photos and TensorBoard's files. The copy
    may lack files that the store lacks, and one trial may be some seconds younger than another.

    Raises:
        SweepNameError: `name` cannot be one.
        PlaceError: there is no such sweep.
        StoreError: there is no such store, no right to read it, or no answer.
    """
    if (folder := local_folder(storage)) is not None:
        yield Place(sweep_folder(folder, name))
        return
    remote = _connected(storage, checked_name(name))
    with tempfile.TemporaryDirectory(prefix="huetune-") as scratch:
        place = Place(Path(scratch) / name, remote)
        fetch_records(remote, place.folder, console)
        yield place


def fetch_records(remote: Remote, folder: Path, console: Console) -> None:
    """Copy the small files of a sweep into `folder`, many at once; StoreError if that fails."""
    with told_in_words(remote.shown), console.status("looking for trials"):
        found = remote.store.get_file_info(
            fs.FileSelector(f"{remote.root}/trials", recursive=True, allow_not_found=True)
        )
    paths = sorted(info.path.removeprefix(f"{remote.root}/") for info in found if info.type == fs.FileType.File)
    records = [path for path in paths if _OF_A_TRIAL.fullmatch(path)]
    # A trial's evaluations after its state, so that they are not older: it would be ranked by an early one.
    first = [path for path in records if not path.endswith("/evaluations.jsonl")]
    last = [path for path in records if path.endswith("/evaluations.jsonl")]
    with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
        for group in ([*_OF_THE_SWEEP, *first], last):
            fetched = pool.map(lambda path: _fetch(remote, path, folder), group)
            quiet = not console.is_terminal
            for _ in track(fetched, "fetching records", len(group), console=console, disable=quiet, transient=True):
                pass


def _connected(storage: str, name: str) -> Remote:
    shown = shown_address(storage)

    def ask() -> Remote:
        folder = store_folder(storage)
        remote = Remote(folder.store, f"{folder.root}/{name}", f"{shown}/{name}")
        if folder.store.get_file_info(f"{remote.root}/sweep.json").type != fs.FileType.File:
            others = ", ".join(_sweeps(folder.store, folder.root)) or "none"
            raise PlaceError(f"no sweep {name!r} in {shown}; sweeps there: {others}")
        return remote

    with told_in_words(shown):
        return answer_in_time(ask)


def _sweeps(store: fs.FileSystem, path: str) -> list[str]:
    try:
        inside = store.get_file_info(fs.FileSelector(path))  # allowed not to be found, it may be in no bucket
    except FileNotFoundError:
        return []
    folders = sorted(info.path for info in inside if info.type == fs.FileType.Directory)
    records = store.get_file_info([f"{folder}/sweep.json" for folder in folders])
    return [info.path.split("/")[-2] for info in records if info.type == fs.FileType.File]


def _fetch(remote: Remote, path: str, folder: Path) -> bool:
    """Whether the store has the file `path` of the sweep, which is then in `folder`."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            told_in_words(remote.shown),
            remote.store.open_input_stream(f"{remote.root}/{path}") as source,
            target.open("wb") as file,
        ):
            shutil.copyfileobj(source, file, 1 << 20)
    except FileNotFoundError:  # it never was there, or is no longer
        return False
    return True
