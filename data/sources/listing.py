"""Photo files of a folder, found by their names: none is opened."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from data.errors import DataError
from data.files import sha256
from data.sources.photo import Photo

_OF_PILLOW = (".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_NOT_OF_PILLOW = (".heic", ".heif", ".jxl")  # listed all the same: a photo that cannot be used is dropped with a reason
SUFFIXES = (*_OF_PILLOW, *_NOT_OF_PILLOW)
_OF_MACOS = "__MACOSX"


def given_folder(source: str, location: str) -> Path:
    """The folder that a user typed after the name of a source.

    Raises:
        DataError: no location was typed.
        OSError: there is no such folder, or it cannot be listed.
    """
    if not location:
        raise DataError(f"the source {source!r} needs a folder, got none; type {source}:FOLDER")
    folder = Path(os.path.expanduser(location))  # noqa: PTH111 (Path.expanduser fails where there is no such ~user)
    _entries(folder)
    return folder


def photos_below(folder: Path) -> list[str]:
    """Sorted paths of the photos in a folder and its folders, relative to it, with "/".

    Raises:
        DataError: a link leads back to a folder above it, or a name is not UTF-8.
        OSError: a folder cannot be listed.
    """
    return sorted(_walk(folder, "", frozenset()))


def photos_in(folder: Path) -> list[str]:
    """Sorted names of the photos directly in a folder; raises as photos_below does."""
    return [entry.name for entry in _entries(folder) if _is_photo(entry)]


def folders_in(folder: Path) -> list[str]:
    """Sorted names of the folders directly in a folder; raises OSError where it cannot be listed."""
    return [entry.name for entry in _entries(folder) if entry.is_dir()]


def fingerprint(kind: str, photos: Iterable[Photo]) -> str:
    """A hash of what is known of photo files without opening them: id, label, split, size and time of change."""
    digest = hashlib.sha256()
    for photo in photos:
        assert isinstance(photo.content, Path)
        try:
            status = photo.content.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:  # a broken link, say: the build drops it
            state = "unreadable"
        digest.update(f"{photo.id}\n{photo.label}\n{photo.split} {state}\n".encode())
    return f"{kind} {digest.hexdigest()}"


def content_fingerprint(kind: str, files: Sequence[Path]) -> str:
    """A hash of the names and the content of a few files that stand for all photos.

    Raises:
        DataError: one of them cannot be read.
    """
    try:
        listing = "".join(f"{path.name} {sha256(path)}\n" for path in files)
    except OSError as error:
        raise DataError(f"{error.filename}: {error.strerror}; make it readable, or copy it again") from error
    return f"{kind} {hashlib.sha256(listing.encode()).hexdigest()}"


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in above:
        raise DataError(f"{folder} is a link to a folder that it lies in, so the listing would never end; remove it")
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", above | {(status.st_dev, status.st_ino)})
        elif _is_photo(entry):
            yield f"{prefix}{entry.name}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name, without hidden files and folders."""
    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".") and entry.name != _OF_MACOS]
    for entry in visible:
        _require_utf8(entry)
    return sorted(visible, key=lambda entry: entry.name)


def _require_utf8(entry: os.DirEntry[str]) -> None:
    """Ids are written to manifests, which are JSON."""
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        raise DataError(f"the name of {os.fsencode(entry.path)!r} is not UTF-8; rename it") from None


def _is_photo(entry: os.DirEntry[str]) -> bool:
    """By its name alone; a broken link counts, so that it is dropped with a reason."""
    return entry.name.lower().endswith(SUFFIXES) and (entry.is_file() or entry.is_symlink())
