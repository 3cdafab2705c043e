"""COCO's photos, without its annotations: folders of photos, one for each split and year."""

from collections.abc import Iterator, Sequence

from data.errors import DataError
from data.sources.listing import fingerprint, folders_in, given_folder, photos_in
from data.sources.photo import Photo, Split
from data.sources.selection import refuse_classes

SPLITS: dict[str, Split] = {
    "train2014": "train",
    "val2014": "val",
    "test2014": "test",
    "test2015": "test",
    "train2017": "train",
    "val2017": "val",
    "test2017": "test",
    "unlabeled2017": "train",
}


class CocoSource:
    """COCO's folders (train2017/, val2017/, ...) or one of them, without labels.

    One of them by itself leaves the split to us.
    """

    classes: tuple[str, ...] = ()

    def __init__(self, location: str, wanted: Sequence[str] = ()) -> None:
        self.name = f"coco:{location}"
        refuse_classes(self.name, wanted)
        self._folder = given_folder("coco", location)
        self._names = photos_in(self._folder)
        for folder in SPLITS.keys() & set(folders_in(self._folder)):
            self._names += [f"{folder}/{name}" for name in photos_in(self._folder / folder)]
        if not self._names:
            raise DataError(f"no photos in {location}, nor in a folder {', '.join(SPLITS)} of it; unpack them there")
        self._names.sort()

    def fingerprint(self) -> str:
        return fingerprint("coco", self.photos())

    def photos(self) -> Iterator[Photo]:
        for name in self._names:
            folder, slash, _ = name.partition("/")
            yield Photo(name, None, self._folder / name, SPLITS[folder] if slash else None)
