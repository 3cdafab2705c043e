"""Where a sweep is read from: a local folder, or any store that pyarrow opens, from which its records are fetched."""

from __future__ import annotations

import copy
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from pyarrow import fs
from rich.console import Console
from rich.progress import track

from data.errors import HuetuneError
from search.storage import checked_name, sweep_folder

ANSWER_S = 30.0
"""A store that has not answered by then is given up: the libraries behind pyarrow would ask it for minutes."""
FETCHED_AT_ONCE = 24
"""Files: each of them is small, and is waited for longer than it takes to transfer."""
SCHEMES = "s3://, gs://, hdfs://, abfs:// or file://"
_OF_THE_SWEEP = ("sweep.json",)
_OF_A_TRIAL = re.compile(
    r"trials/\d+/(trial\.json|state\.json|tested\.json|evaluations\.jsonl|exploits\.jsonl|error\.txt|samples\.png)"
)
_CAUSES = {
    "Cannot parse URI": "it is no address; in a key write / + # % and ? as %2F and so on, or set AWS_PROFILE",
    "Unrecognized filesystem type": f"nothing is known of such addresses; give a folder, or one of {SCHEMES}",
    "NO_SUCH_BUCKET": "there is no such bucket; check its name",
    "ACCESS_DENIED": "access is denied; check the credentials, such as AWS_PROFILE or AWS_ACCESS_KEY_ID",
    "INVALID_ACCESS_KEY_ID": "it does not know these credentials; check AWS_PROFILE or AWS_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH": "it refuses these credentials; check AWS_SECRET_ACCESS_KEY",
    "NETWORK_CONNECTION": "it cannot be reached; check the network, and ?endpoint_override=HOST:PORT&scheme=http",
    "libjvm": "HDFS takes Java and Hadoop; set JAVA_HOME, HADOOP_HOME and CLASSPATH",
}
Answer = TypeVar("Answer")


class PlaceError(HuetuneError):
    """A storage cannot be read, or does not have the sweep."""


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
            PlaceError: it is not in the store, or cannot be read there.
        """
        if self.remote is not None and not file.exists():
            path = file.relative_to(self.folder).as_posix()
            if not _fetch(self.remote, path, self.folder):
                raise PlaceError(f"{self.remote.shown} has no {path}: it was deleted, or never copied there")
        return file


@contextmanager
def sweep_at(storage: str, name: str, console: Console) -> Iterator[Place]:
    """The sweep `name` in `storage`: a folder, or s3://bucket/folder and the like, fetched for as long as it is used.

    What is in a store is copied to a temporary folder, without checkpoints and TensorBoard's files. The copy may lack
    files that the store lacks, and one trial may be some seconds younger than another.

    Raises:
        SweepNameError: `name` cannot be one.
        PlaceError: there is no such store or sweep, no right to read it, or no answer.
    """
    if (folder := local_folder(storage)) is not None:
        yield Place(sweep_folder(folder, name))
        return
    remote = _connected(storage, checked_name(name))
    with tempfile.TemporaryDirectory(prefix="huetune-") as scratch:
        place = Place(Path(scratch) / name, remote)
        fetch_records(remote, place.folder, console)
        yield place


def local_folder(storage: str) -> Path | None:
    """The folder that a storage is; None if it is a store."""
    if "://" not in storage:
        return Path(storage)
    if storage.partition("://")[0] != "file":
        return None
    address = urlsplit(storage)
    if address.netloc not in ("", "localhost"):
        raise PlaceError(
            f"{storage} names a machine {address.netloc!r}; a folder of this one has three slashes: file:///"
        )
    return Path(unquote(address.path))


def fetch_records(remote: Remote, folder: Path, console: Console) -> None:
    """Copy the small files of a sweep into `folder`, many at once; PlaceError if that fails."""
    with _told_in_words(remote.shown), console.status("looking for trials"):
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
    shown = _shown(storage)

    def ask() -> Remote:
        opened, path = fs.FileSystem.from_uri(storage)
        # A copy asks a silent S3 server three times, pyarrow's default; what is made from an address asks it ten times,
        # which takes 100 s, and even the end of the process would wait for that.
        store = copy.copy(opened)
        remote = Remote(store, f"{path.rstrip('/')}/{name}", f"{shown}/{name}")
        if store.get_file_info(f"{remote.root}/sweep.json").type != fs.FileType.File:
            others = ", ".join(_sweeps(store, path.rstrip("/"))) or "none"
            raise PlaceError(f"no sweep {name!r} in {shown}; sweeps there: {others}")
        return remote

    with _told_in_words(shown):
        return _answer(ask)


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
            _told_in_words(remote.shown),
            remote.store.open_input_stream(f"{remote.root}/{path}") as source,
            target.open("wb") as file,
        ):
            shutil.copyfileobj(source, file, 1 << 20)
    except FileNotFoundError:  # it never was there, or is no longer
        return False
    return True


def _answer(ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns or raises within ANSWER_S; a thread that goes on asking ends with the process."""
    answer: Future[Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer.result(ANSWER_S)


@contextmanager
def _told_in_words(shown: str) -> Iterator[None]:
    """Errors of pyarrow become PlaceErrors of one line; that a file is not there passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except TimeoutError:
        raise PlaceError(f"{shown}: no answer within {ANSWER_S:.0f} s; check the address and the network") from None
    except (OSError, ValueError, NotImplementedError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        cause = next((cause for sign, cause in _CAUSES.items() if sign in str(error)), first_line)
        raise PlaceError(f"{shown} cannot be read: {cause}") from None


def _shown(storage: str) -> str:
    """An address without what may be secret: all up to its last @, and its options."""
    scheme, _, rest = storage.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}".rstrip("/")
