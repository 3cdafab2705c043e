"""The copy on this node of a file of weights that lies elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.staged.place import own_stage


@contextmanager
def local_copy(path: Path) -> Iterator[Path]:
    """The copy of the file at `path` as it is now, or as it was copied where it cannot be seen; else `path` itself."""
    stage = own_stage()
    origin = stage.origin(str(path)) if stage is not None else None
    if stage is None or origin is None or _seen(path) not in (None, (origin.num_bytes, origin.modified_ns)):
        yield path
        return
    with stage.borrowed(origin.sha256) as copy:
        yield copy or path


@contextmanager
def published_copy(name: str) -> Iterator[Path | None]:
    """The copy of a file of weights that is published under `name`; None if this node has none."""
    stage = own_stage()
    origin = stage.origin(name) if stage is not None else None
    if stage is None or origin is None:
        yield None
        return
    with stage.borrowed(origin.sha256) as copy:
        yield copy


def _seen(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
