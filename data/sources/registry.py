"""A source by what a user types for it."""

from collections.abc import Callable, Sequence

from data.errors import DataError
from data.sources.cifar10 import open_cifar10
from data.sources.coco import CocoSource
from data.sources.flat import FlatSource
from data.sources.folder import FolderSource
from data.sources.groceries import GroceriesSource
from data.sources.imagenet import ImageNetSource
from data.sources.photo import Source
from data.sources.places205 import Places205Source

SOURCES: dict[str, Callable[[str, Sequence[str]], Source]] = {
    "folder": FolderSource,
    "flat": FlatSource,
    "imagenet": ImageNetSource,
    "places205": Places205Source,
    "coco": CocoSource,
    "cifar10": open_cifar10,
    "groceries": GroceriesSource,
}
"""By name; each is called with the location, which is what follows the name and a colon, and the classes wanted."""


def open_source(name_or_path: str, classes: Sequence[str] = ()) -> Source:
    """A source by `NAME`, `NAME:LOCATION`, or the path of a folder of class folders; only the `classes`, if any.

    Raises:
        DataError: there is no such source, folder or class, it has no photos, or a package that it needs is missing.
    """
    name, _, location = name_or_path.partition(":")
    try:
        if name in SOURCES:
            return SOURCES[name](location, classes)
        return FolderSource(name_or_path, classes, name=name_or_path)
    except OSError as error:
        if name not in SOURCES and isinstance(error, FileNotFoundError):
            known = ", ".join(SOURCES)
            raise DataError(
                f"{name_or_path!r} is neither a folder nor a known source ({known}); check the path or the name"
            ) from error
        place = error.filename or location
        raise DataError(f"{place}: {error.strerror}; give a folder that is there and that you may read") from error
