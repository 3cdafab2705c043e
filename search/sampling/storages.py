"""Where a sweep's study is kept: a journal or an SQLite file in its folder, or a PostgreSQL database by its URL."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from search.errors import SweepError
from search.sampling.journal import Journal

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

FILES = {"journal": "study.journal", "sqlite": "study.db"}
TIMEOUT_S = 10.0
"""For a database to answer."""
_OPENING_TIMEOUT_S = 60.0
"""To read a study of thousands of trials."""
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Storage:
    optuna: BaseStorage
    together: Callable[[], AbstractContextManager[None]] = nullcontext
    """For a block that only writes: in one step, where the storage can."""


def open_storage(storage: str, folder: Path, read: Callable[[BaseStorage], _Result]) -> tuple[Storage, _Result]:
    """The storage, and what `read` first reads from it. A damaged file is replaced by an empty one.

    Raises:
        SweepError: it cannot be reached, or used.
    """

    def opened() -> tuple[Storage, _Result]:
        found = _opened(storage, folder)
        return found, read(found.optuna)

    try:
        return opened() if storage in FILES else within(_OPENING_TIMEOUT_S, opened)
    except Exception as error:
        if storage not in FILES or _is_out_of_reach(error):
            raise SweepError(f"search.storage: {_unusable(storage, folder, error)}") from None
        (folder / FILES[storage]).unlink()  # the records have it all
        return opened()


def open_to_read(storage: str, folder: Path) -> BaseStorage:
    """The storage, to look at while another process may write into it; nothing in it is changed, or mended.

    Raises:
        SweepError: there is none, or it cannot be reached or read.
    """
    if storage in FILES and not (folder / FILES[storage]).is_file():
        raise SweepError(f"{folder} has no {FILES[storage]} yet; it comes with the first trial")
    try:
        return _opened_to_read(storage, folder)
    except Exception as error:
        raise SweepError(f"search.storage: {_unusable(storage, folder, error)}") from None


def within(timeout_s: float, call: Callable[[], _Result]) -> _Result:
    """What the call returns; TimeoutError if that takes too long: no option of the driver ends every way of hanging."""
    results: list[_Result] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)  # one that hangs does not keep the process from ending
    thread.start()
    thread.join(timeout_s)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {timeout_s:g} s")
    return results[0]


def location(storage: str) -> str:
    """A storage as messages may show it: without the user and whatever else of a URL could be secret."""
    if storage in FILES:
        return storage
    try:
        url = _url(storage)
    except ValueError:
        return storage.rpartition("@")[2]
    host = url.host or url.query.get("host") or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.drivername.partition('+')[0]}://{host}{port}/{url.database or ''}"


def reason(error: BaseException) -> str:
    """What a database's driver says, in one line and without the statement that it is about."""
    while error.__cause__ is not None and not hasattr(error, "orig"):
        error = error.__cause__
    return " ".join(str(getattr(error, "orig", error)).split())[:300] or type(error).__name__


def _unusable(storage: str, folder: Path, error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"{location(storage)} needs the package psycopg; install psycopg[binary], or take journal"
    where = folder / FILES[storage] if storage in FILES else location(storage)
    return f"{where} cannot be used: {reason(error)}; mend that, or take another storage"


def _is_out_of_reach(error: Exception) -> bool:
    """Whether the file itself may be whole: it is locked, or cannot be read or written."""
    from sqlalchemy.exc import OperationalError

    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    return isinstance(cause, OSError | OperationalError)


def _opened(storage: str, folder: Path) -> Storage:
    if storage == "journal":
        journal = Journal(folder / FILES[storage])
        return Storage(JournalStorage(journal), journal.together)
    if storage == "sqlite":
        file = folder.absolute() / FILES[storage]
        return Storage(RDBStorage(f"sqlite:///{file}", engine_kwargs={"connect_args": {"timeout": TIMEOUT_S}}))
    return Storage(_server(storage))


def _opened_to_read(storage: str, folder: Path) -> BaseStorage:
    if storage not in FILES:
        return within(_OPENING_TIMEOUT_S, lambda: _server(storage, read_only=True))
    file = folder.absolute() / FILES[storage]
    if storage == "journal":
        return JournalStorage(JournalFileBackend(str(file)))
    url = f"sqlite:///file:{quote(str(file))}?mode=ro&uri=true"
    return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": TIMEOUT_S}}, skip_table_creation=True)


def _server(storage: str, *, read_only: bool = False) -> RDBStorage:
    timeout_ms = round(1000 * TIMEOUT_S)
    options = f"-c statement_timeout={timeout_ms}" + (" -c default_transaction_read_only=on" if read_only else "")
    limits = {"connect_timeout": round(TIMEOUT_S), "tcp_user_timeout": timeout_ms, "options": options}
    # A connection that the server has closed since, as when it was restarted, is opened again.
    arguments = {"connect_args": limits, "pool_pre_ping": True}
    return RDBStorage(str(_url(storage)), engine_kwargs=arguments, skip_table_creation=read_only)


def _url(storage: str) -> "URL":
    """The URL with the driver that we use.

    Raises:
        ValueError: it is none.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(storage).set(drivername="postgresql+psycopg")
    except ArgumentError as error:
        raise ValueError(str(error)) from None
