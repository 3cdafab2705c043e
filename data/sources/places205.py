"""Places205 as its authors arrange it: a tree of photos, and a file that lists those of each split."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from data.errors import DataError
from data.sources.listing import fingerprint, given_folder
from data.sources.photo import Photo, Split
from data.sources.selection import chosen

_PHOTO_FOLDERS = ("images256", "data/vision/torralba/deeplearning/images256", ".")
_LIST_FOLDERS = (".", "trainvalsplit_places205")
_SPLITS: tuple[Split, ...] = ("train", "val")


class Places205Source:
    """Places205 with its lists, train_places205.csv and val_places205.csv.

    2.4 million photos: the lists are read each time instead of being held in memory.
    """

    def __init__(self, location: str, wanted: Sequence[str] = ()) -> None:
        self.name = f"places205:{location}"
        folder = given_folder("places205", location)
        self._lists = _lists(folder)
        classes, letters = self._classes_and_letters()
        self._photos = _photo_folder(folder, letters)
        self.classes = chosen(self.name, classes, wanted)

    def fingerprint(self) -> str:
        return fingerprint("places205", self.photos())

    def photos(self) -> Iterator[Photo]:
        wanted = frozenset(self.classes)
        for split, path in self._lists.items():
            for name, label, _ in _lines(path):
                if label in wanted:
                    yield Photo(f"{split}/{name}", label, self._photos / name, split)

    def _classes_and_letters(self) -> tuple[list[str], set[str]]:
        """The classes in the order of their numbers, and the folders that photos are under."""
        numbers: dict[str, int] = {}
        letters = set()
        for path in self._lists.values():
            for name, label, number in _lines(path):
                if numbers.setdefault(label, number) != number:
                    raise DataError(f"{path} numbers {label} both {numbers[label]} and {number}; unpack it again")
                letters.add(name.partition("/")[0])
        if not numbers:
            raise DataError(f"{', '.join(map(str, self._lists.values()))} list no photos; unpack them again")
        return sorted(numbers, key=numbers.__getitem__), letters


def _lines(path: Path) -> Iterator[tuple[str, str, int]]:
    """Path, class and number of each photo of a list: lines such as `a/apartment_building/outdoor/gsun_1.jpg 8`."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line_number, line in enumerate(file, start=1):
            name, _, number = line.rstrip().rpartition(" ")
            label = name[name.find("/") + 1 : name.rfind("/")]
            if name.count("/") < 2 or not label or not number.isdecimal() or name.startswith("/"):
                raise DataError(f"{path}, line {line_number}: {line.rstrip()!r} is not as `a/abbey/photo.jpg 0`")
            yield name, label, int(number)


def _lists(folder: Path) -> dict[Split, Path]:
    found: dict[Split, Path] = {}
    for split in _SPLITS:
        candidates = (folder / place / f"{split}_places205.csv" for place in _LIST_FOLDERS)
        path = next((path for path in candidates if path.is_file()), None)
        if path is not None:
            found[split] = path
    if not found:
        raise DataError(
            f"neither train_places205.csv nor val_places205.csv in {folder} or {folder / _LIST_FOLDERS[1]}; "
            "unpack trainvalsplit_places205 there"
        )
    return found


def _photo_folder(folder: Path, letters: set[str]) -> Path:
    for place in _PHOTO_FOLDERS:
        if any((folder / place / letter).is_dir() for letter in letters):
            return folder / place
    raise DataError(f"none of the listed photos is in {folder}, {' or '.join(_PHOTO_FOLDERS[:2])}; unpack them there")
