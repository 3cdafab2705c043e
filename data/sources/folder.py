"""A folder with one folder of photos for each class, and perhaps train, val and test around these."""

from collections.abc import Iterator, Sequence

from data.errors import DataError
from data.sources.listing import SUFFIXES, fingerprint, given_folder, photos_below
from data.sources.photo import Photo, Split
from data.sources.selection import chosen

SPLITS: dict[str, Split] = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""The split that a folder of this name holds, in any case, where no other folder beside it holds photos."""


class FolderSource:
    """A folder for each class, or such folders inside of train/, val/ and test/.

    Photos at any depth below a class folder are of that class; those outside of all class folders are unlabelled.
    """

    def __init__(self, location: str, wanted: Sequence[str] = (), *, name: str | None = None) -> None:
        self.name = name or f"folder:{location}"
        self._folder = given_folder("folder", location)
        names = photos_below(self._folder)
        outermost = {name.split("/", 1)[0] for name in names if "/" in name}
        self._has_splits = all(folder.lower() in SPLITS for folder in outermost)
        labels = {self._label_and_split(name)[0] for name in names}
        if not labels - {None}:
            raise DataError(_without_classes(location, len(names)))
        self.classes = chosen(self.name, sorted(label for label in labels if label is not None), wanted)
        kept = {*self.classes} if wanted else labels
        self._names = [name for name in names if self._label_and_split(name)[0] in kept]

    def fingerprint(self) -> str:
        return fingerprint("folder", self.photos())

    def photos(self) -> Iterator[Photo]:
        for name in self._names:
            label, split = self._label_and_split(name)
            yield Photo(name, label, self._folder / name, split)

    def _label_and_split(self, name: str) -> tuple[str | None, Split | None]:
        *folders, _ = name.split("/")
        split = SPLITS[folders.pop(0).lower()] if self._has_splits and folders else None
        return folders[0] if folders else None, split


def _without_classes(location: str, num_photos: int) -> str:
    if num_photos:
        return (
            f"the {num_photos:,} photos in {location} are in no class folders; put those of each class into a folder "
            f"of its own, or type flat:{location} for photos without classes"
        )
    return f"no class folders with photos in {location}; photos end in {' '.join(SUFFIXES)}"
