"""Reading many small files of records: several at once, and in words what is wrong with one."""

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from data.errors import HuetuneError

READERS = 8
"""Folders read at once: on a network file system the time goes into waiting for each of their small files."""
FILES = {
    "SweepRecord": "sweep.json",
    "TrialStart": "trial.json",
    "TrialState": "state.json",
    "Evaluation": "evaluations.jsonl",
    "Exploit": "exploits.jsonl",
    "Tested": "tested.json",
    "FailedTest": "failed-test.json",
}
"""Where a record of each type is kept."""


class RecordsError(HuetuneError):
    """Records of a sweep are missing or cannot be read."""


Record = TypeVar("Record", bound=BaseModel)
Read = TypeVar("Read")


def read_one(kind: type[Record], path: Path) -> Record | None:
    """The record that is a file's content; None if the file is not there."""
    content = _content(path)
    return None if content is None else kind.model_validate_json(content)


def read_lines(kind: type[Record], path: Path) -> tuple[Record, ...]:
    """The records that are a file's lines; none if the file is not there.

    Raises:
        ValidationError: a line is damaged.
        RecordsError: the file is empty.
    """
    if (content := _content(path)) == b"":
        raise RecordsError(f"{path.name}: is empty")
    # Not as text: the lines of that would end at U+2028 too, which JSON leaves as it is.
    return tuple([kind.model_validate_json(line) for line in (content or b"").splitlines()])


def intact_lines(kind: type[Record], path: Path) -> tuple[tuple[Record, ...], str]:
    """The records that are a file's lines but for a last one that is cut off, and in words that it is; or "".

    A copy that is broken off leaves such an end, and so does a loss of power: without the end of a line, or zeros.

    Raises:
        ValidationError: another line is damaged.
    """
    whole, _, rest = (_content(path) or b"").rpartition(b"\n")
    records = [kind.model_validate_json(line) for line in whole.splitlines()]
    if not rest:
        return tuple(records), ""
    try:
        return (*records, kind.model_validate_json(rest)), ""
    except ValidationError:
        return tuple(records), f"{path.name}: its last line is cut off, {len(records)} before it were read"


def numbered(folder: Path) -> list[Path]:
    """What in a folder has a name that begins with a digit, by name; nothing if the folder is not there."""
    try:
        return sorted((path for path in folder.iterdir() if path.name[0].isdigit()), key=lambda path: path.name)
    except FileNotFoundError:
        return []


def read_at_once(read: Callable[[Path], Read], folders: Iterable[Path]) -> dict[Path, Read | str]:
    """What `read` makes of each folder, several at a time; or in words why it cannot be read."""

    def read_or_reason(folder: Path) -> tuple[Path, Read | str]:
        try:
            return folder, read(folder)
        except (OSError, ValidationError, HuetuneError) as error:
            return folder, reason(error)

    with _without_garbage_collection(), ThreadPoolExecutor(READERS) as pool:
        return dict(pool.map(read_or_reason, folders))


def reason(error: OSError | ValidationError | HuetuneError) -> str:
    """In one line why a file of records cannot be read; without its folder."""
    if isinstance(error, HuetuneError):
        return str(error)
    if isinstance(error, OSError):
        return f"{Path(error.filename or 'a file').name}: {error.strerror or error}"
    first = error.errors(include_url=False)[0]
    where = [".".join(map(str, first["loc"]))] if first["loc"] else []
    message = first["msg"].partition(" at line ")[0]  # of a .jsonl each line is read apart, so that is no place in it
    return ": ".join([FILES[error.title], *where, message])


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Millions of objects that stay are otherwise looked through again and again, for more than half of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # the two together: what is new counts as old, and is not looked through right now
        if before:
            gc.enable()
