"""Stores with an address, such as s3://bucket/folder, that pyarrow opens; what they refuse is told in words."""

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from pyarrow import fs

from data.errors import HuetuneError

ANSWER_S = 30.0
"""A store that has not answered by then is given up: the libraries behind pyarrow would ask it for minutes."""
SCHEMES = "s3://, gs://, hdfs://, abfs:// or file://"
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


class StoreError(HuetuneError):
    """A store cannot be read."""


@dataclass(frozen=True)
class StoreFolder:
    """A folder in a store."""

    store: fs.FileSystem
    root: str
    """Its path inside the store."""
    shown: str
    """Its address for people, without credentials."""


def store_folder(address: str) -> StoreFolder:
    """The folder at an address; a path is one of this machine. Errors are pyarrow's: see opened_folder."""
    if "://" not in address:
        folder = str(Path(address).expanduser().absolute())
        return StoreFolder(fs.LocalFileSystem(), folder, folder)
    opened, path = fs.FileSystem.from_uri(address)
    # A copy asks a silent S3 server three times, pyarrow's default; what is made from an address asks it ten times,
    # which takes 100 s, and even the end of the process would wait for that.
    return StoreFolder(copy.copy(opened), path.rstrip("/"), shown_address(address))


def opened_folder(address: str) -> StoreFolder:
    """The folder at an address, once its store has answered.

    Raises:
        StoreError: there is no such folder or store, no right to read it, or no answer.
    """

    def ask() -> StoreFolder:
        folder = store_folder(address)
        if folder.store.get_file_info(folder.root).type != fs.FileType.Directory:
            raise StoreError(f"there is no folder {folder.shown}; check the address")
        return folder

    with told_in_words(shown_address(address)):
        return answer_in_time(ask)


def local_folder(storage: str) -> Path | None:
    """The folder that a storage is; None if it is a store."""
    if "://" not in storage:
        return Path(storage)
    if storage.partition("://")[0] != "file":
        return None
    address = urlsplit(storage)
    if address.netloc not in ("", "localhost"):
        raise StoreError(
            f"{storage} names a machine {address.netloc!r}; a folder of this one has three slashes: file:///"
        )
    return Path(unquote(address.path))


def answer_in_time(ask: Callable[[], Answer]) -> Answer:
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
def told_in_words(shown: str) -> Iterator[None]:
    """Errors of pyarrow become StoreErrors of one line; that a file is not there passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except TimeoutError:
        raise StoreError(f"{shown}: no answer within {ANSWER_S:.0f} s; check the address and the network") from None
    except (OSError, ValueError, NotImplementedError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        cause = next((cause for sign, cause in _CAUSES.items() if sign in str(error)), first_line)
        raise StoreError(f"{shown} cannot be read: {cause}") from None


def shown_address(address: str) -> str:
    """An address without what may be secret: all up to its last @, and its options."""
    scheme, separator, rest = address.partition("://")
    if not separator:  # a path
        return address
    place, _, options = rest.partition("?")
    if "@" in options:  # of a secret with a ? in it, or of an option: nobody can tell
        return f"{scheme}://..."
    return f"{scheme}://{place.rpartition('@')[2]}".rstrip("/")
