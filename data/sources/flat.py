"""Photos without classes: all that lie below a folder."""

from collections.abc import Iterator, Sequence

from data.errors import DataError
from data.sources.listing import SUFFIXES, fingerprint, given_folder, photos_below
from data.sources.photo import Photo
from data.sources.selection import refuse_classes


class FlatSource:
    """Photos anywhere below a folder, without labels: for colorization only."""

    classes: tuple[str, ...] = ()

    def __init__(self, location: str, wanted: Sequence[str] = ()) -> None:
        self.name = f"flat:{location}"
        refuse_classes(self.name, wanted)
        self._folder = given_folder("flat", location)
        self._names = photos_below(self._folder)
        if not self._names:
            raise DataError(f"no photos in {location}; photos end in {' '.join(SUFFIXES)}")

    def fingerprint(self) -> str:
        return fingerprint("flat", self.photos())

    def photos(self) -> Iterator[Photo]:
        for name in self._names:
            yield Photo(name, None, self._folder / name)
