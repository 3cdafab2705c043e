"""CIFAR-10: the files of its authors, or its images as files in folders."""

from collections.abc import Iterator, Sequence

from data.errors import DataError
from data.sources.folder import FolderSource
from data.sources.listing import content_fingerprint, folders_in, given_folder
from data.sources.photo import Photo, Source, Split
from data.sources.selection import chosen

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""In the official order, which is also the alphabetical one of the folders."""

_ARCHIVE = "cifar-10-python.tar.gz"
_BATCHES = "cifar-10-batches-py"
_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")


def open_cifar10(location: str, wanted: Sequence[str] = ()) -> Source:
    """CIFAR-10: cifar-10-batches-py/, or folders as train/cat/ and test/cat/."""
    folder = given_folder("cifar10", location)
    if _BATCHES in folders_in(folder):
        return Cifar10Batches(location, wanted)
    if "train" in folders_in(folder) or "test" in folders_in(folder):
        return _tree(location, wanted)
    raise DataError(f"neither {_BATCHES} nor train/ and test/ with class folders in {folder}; unpack them there")


def _tree(location: str, wanted: Sequence[str]) -> FolderSource:
    source = FolderSource(location, wanted, name=f"cifar10:{location}")
    if strange := sorted({*source.classes} - {*CLASSES}):
        raise DataError(f"{strange[0]!r} in {location} is no class of CIFAR-10; type folder:{location}")
    return source


class Cifar10Batches:
    """60,000 images of 32 px from the pickled files of the authors, read by torchvision, which knows their hashes."""

    def __init__(self, location: str, wanted: Sequence[str] = ()) -> None:
        self.name = f"cifar10:{location}"
        self._folder = given_folder("cifar10", location)
        self._files = [self._folder / _BATCHES / name for name in _FILES]
        missing = [path.name for path in self._files if not path.is_file()]
        if missing:
            raise DataError(f"{self._folder / _BATCHES} lacks {', '.join(missing)}; unpack {_ARCHIVE} again")
        self.classes = chosen(self.name, CLASSES, wanted)

    def fingerprint(self) -> str:
        return content_fingerprint("cifar10", self._files)

    def photos(self) -> Iterator[Photo]:
        yield from self._of_split("train")
        yield from self._of_split("test")

    def _of_split(self, split: Split) -> Iterator[Photo]:
        from torchvision.datasets import CIFAR10

        try:
            images = CIFAR10(self._folder, train=split == "train", download=False)
        except (RuntimeError, OSError) as error:  # a hash differs, or a file is not for us to read
            raise DataError(f"a file in {self._folder / _BATCHES} is damaged; unpack {_ARCHIVE} again") from error
        for number, (pixels, label) in enumerate(zip(images.data, images.targets, strict=True)):
            if CLASSES[label] in self.classes:
                ppm = b"P6\n32 32\n255\n" + pixels.tobytes()  # pixels (32,32,3): nothing is lost, nothing encoded
                yield Photo(f"{split}/{CLASSES[label]}/{number:05d}", CLASSES[label], ppm, split)
