"""Orders to a sweep and its answers, as files: whoever sees the storage can give them, over any file system.

    <sweep>/control/
        orders/20261120T120301123456Z-<id>.json     Order: not yet carried out, oldest first
        answers/<id>.json                           Answer: what became of it; its sender takes it away
        log.jsonl                                   one Entry a line: every order that was answered, for good

The sender makes an order; the process that runs the sweep writes the rest. An order goes last, after its entry and its
answer are written, and an order whose id has an entry is never carried out again: so none is lost by a crash.
"""

import getpass
import os
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data.files import write_atomically
from search.control.fresh import fresh_names
from search.control.orders import Answer, Order, OrderKind
from search.control.values import OF_TRIALS, VALUES

OF_THE_PROCESS: tuple[OrderKind, ...] = ("stop", "kill")
"""Orders that mean the process that runs now, and so nothing to a later one."""


class Entry(BaseModel):
    """A line of log.jsonl."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Order | None
    """None: its file could not be read."""
    answer: Answer


def who() -> str:
    """user@host, as far as this machine knows."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container in which the user has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def new_id() -> str:
    """An order's id that no other has."""
    return uuid.uuid4().hex[:12]


def send(folder: Path, order: Order) -> Path:
    """Put an order into the mailbox of the sweep in `folder`; its file.

    Raises:
        OSError: it cannot be written.
    """
    path = _orders(folder) / f"{order.when.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{order.id}.json"
    # Made here, so that a driver that polls never sees one come into being on its side.
    _answers(folder).mkdir(parents=True, exist_ok=True)
    write_atomically(path, order.model_dump_json())
    return path


def wait_for_answer(
    folder: Path,
    order_id: str,
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer | None:
    """What became of an order, and take the answer away; None: nobody has answered in time."""
    path, deadline = _answers(folder) / f"{order_id}.json", clock() + timeout_s
    while path.name not in fresh_names(path.parent):
        if clock() >= deadline:
            return None
        sleep(0.05)
    answer = Answer.model_validate_json(path.read_bytes())
    path.unlink(missing_ok=True)
    return answer


def waiting_orders(folder: Path) -> list[Order]:
    """Orders that nobody has answered yet, oldest first; changes nothing."""
    orders = []
    for path in sorted(_orders(folder).glob("[!.]*.json")):
        with suppress(OSError, ValueError):
            orders.append(_read_order(path))
    return orders


class Mailbox:
    """The side of the process that runs the sweep: there is one at a time, which holds its lock."""

    def __init__(self, folder: Path) -> None:
        """folder: the sweep's. Orders to stop or kill that lie there already are refused: whom they meant is gone."""
        self._folder = folder
        self._log = folder / "control" / "log.jsonl"
        self._entries = {entry.answer.id: entry for entry in _read_log(self._log)}
        self._logged = set(self._entries)
        self._files: dict[str, Path] = {}
        for order in self.pending():
            if order.kind in OF_THE_PROCESS:
                self.answer(order, False, "the process that this was meant for had ended; another goes on since")

    def pending(self) -> list[Order]:
        """What is to be carried out, oldest first. Looking into an empty mailbox takes microseconds."""
        folder = _orders(self._folder)
        orders: dict[str, Order] = {}
        for path in [folder / name for name in fresh_names(folder)]:
            order_id = _id_of(path)
            if entry := self._entries.get(order_id):  # broken off while it was being answered, or the disk was full
                self._deliver(entry, path)
                continue
            try:
                orders[order_id] = _read_order(path)
                self._files[order_id] = path
            except (ValueError, PermissionError) as error:
                text = f"{path.name} cannot be read as an order ({str(error).splitlines()[0]}); give it again"
                self._settle(order_id, None, False, text, path)
            except OSError:
                continue  # taken back by its sender, or not here yet: the next look tells
        return list(orders.values())

    def answer(self, order: Order, done: bool, text: str) -> None:
        """Say what became of an order of `pending`, for good. Where that cannot be written, each look tries again."""
        self._settle(order.id, order, done, text, self._files.pop(order.id))

    def _settle(self, order_id: str, order: Order | None, done: bool, text: str, path: Path) -> None:
        answer = Answer(id=order_id, done=done, text=text, when=datetime.now(UTC))
        self._entries[order_id] = Entry(order=order, answer=answer)
        self._deliver(self._entries[order_id], path)

    def _deliver(self, entry: Entry, path: Path) -> None:
        answer = entry.answer
        with suppress(OSError):
            if answer.id not in self._logged:
                _append_line(self._log, entry.model_dump_json())
                self._logged.add(answer.id)
            write_atomically(_answers(self._folder) / f"{answer.id}.json", answer.model_dump_json())
            path.unlink(missing_ok=True)


def _orders(folder: Path) -> Path:
    return folder / "control" / "orders"


def _answers(folder: Path) -> Path:
    return folder / "control" / "answers"


def _id_of(path: Path) -> str:
    return path.stem.partition("-")[2] or path.stem


def _read_order(path: Path) -> Order:
    """Raises ValueError if it is none, or another than its name says: an order is known by its file's name."""
    order = Order.model_validate_json(path.read_bytes())
    if order.id != _id_of(path):
        raise ValueError(f"its id is {order.id[:20]!r}")
    VALUES[order.kind].model_validate(order.values)
    if order.kind in OF_TRIALS and not order.trials:
        raise ValueError(f"it names no trial to {order.kind}")
    return order


def _read_log(path: Path) -> list[Entry]:
    """What was answered; a line that a crash left half-written is none."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        with suppress(ValidationError):
            entries.append(Entry.model_validate_json(line))
    return entries


def _append_line(path: Path, line: str) -> None:
    """Add a line for good, on a line of its own even after one that was left half-written."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
