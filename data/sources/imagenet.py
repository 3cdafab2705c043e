"""ImageNet's ILSVRC 2012 as torchvision, Kaggle or image-net.org arrange it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from data.errors import DataError
from data.sources.imagenet_classes import class_name, described, synonyms, wanted_ids
from data.sources.imagenet_labels import DEVKIT, KAGGLE_FILE, label_file, val_labels
from data.sources.listing import fingerprint, folders_in, given_folder, photos_below, photos_in
from data.sources.photo import Photo, Split

_KAGGLE = "Data/CLS-LOC"
_SPLITS: tuple[Split, ...] = ("train", "val")
_MAX_NAMED = 5


class ImageNetSource:
    """ILSVRC 2012 as torchvision, Kaggle or image-net.org arrange it: train/n01440764/, val/.

    Photos lie in folders by WordNet id, or validation photos in one folder beside a file of labels. Folders of classes
    that are not wanted are never listed: all of them hold 1.3 million photos.
    """

    def __init__(self, location: str, wanted: Sequence[str] = ()) -> None:
        self.name = f"imagenet:{location}"
        self._root = _root(given_folder("imagenet", location))
        chosen = wanted_ids(self.name, wanted) or frozenset(synonyms())
        self._wnids: dict[str, str] = {}
        for split in _SPLITS:
            if (self._root / split).is_dir():
                self._wnids |= self._listed(split, chosen)
        found = set(self._wnids.values())
        missing = sorted(chosen - found)
        if not found or (wanted and missing):
            some = ", ".join(described(wnid) for wnid in missing[:_MAX_NAMED])
            raise DataError(f"no photos of {some} in {self._root}; unpack them as train/{missing[0]}/photo.JPEG there")
        self.classes = tuple(class_name(wnid) for wnid in sorted(found))

    def fingerprint(self) -> str:
        return fingerprint("imagenet", self.photos())

    def photos(self) -> Iterator[Photo]:
        for name, wnid in self._wnids.items():
            yield Photo(name, class_name(wnid), self._root / name, "train" if name.startswith("train/") else "val")

    def _listed(self, split: Split, chosen: frozenset[str]) -> dict[str, str]:
        """WordNet ids by the path of the photo, of one split."""
        folder = self._root / split
        wnids = folders_in(folder)
        for name in wnids:
            if name not in synonyms():
                raise DataError(
                    f"{folder / name} is not named by the id of an ImageNet class, such as n01440764; "
                    "rename or remove it, or type folder:FOLDER for classes of other names"
                )
        kept = [wnid for wnid in wnids if wnid in chosen]
        listed = {f"{split}/{wnid}/{name}": wnid for wnid in kept for name in photos_below(folder / wnid)}
        loose = photos_in(folder)
        labels = self._labels_of_loose(folder, loose) if loose else {}
        return listed | {f"{split}/{name}": wnid for name, wnid in labels.items() if wnid in chosen}

    def _labels_of_loose(self, folder: Path, names: list[str]) -> dict[str, str]:
        """WordNet ids of photos that lie in no class folder."""
        path = label_file([self._root, *self._root.resolve().parents[:3]]) if folder.name == "val" else None
        if path is None:
            raise DataError(
                f"{len(names):,} photos in {folder} have no labels; put them into folders as {folder.name}/n01440764/, "
                f"or for val put Kaggle's {KAGGLE_FILE} or image-net.org's {DEVKIT}, unpacked, into {self._root}"
            )
        labels = val_labels(path)
        for name in names:
            if Path(name).stem not in labels:
                raise DataError(f"{path} has no label for {folder / name}; remove the photo, or copy the file again")
        return {name: labels[Path(name).stem] for name in names}


def _root(folder: Path) -> Path:
    """The folder that holds train and val."""
    for root in (folder, folder / _KAGGLE, folder / "ILSVRC" / _KAGGLE):
        if any((root / split).is_dir() for split in _SPLITS):
            return root
    raise DataError(f"no folder train or val in {folder}, its {_KAGGLE} or its ILSVRC/{_KAGGLE}; unpack them there")
