"""The classes of ImageNet's validation photos, where these lie all in one folder."""

from collections.abc import Iterable
from pathlib import Path

from data.errors import DataError
from data.sources.imagenet_classes import synonyms

KAGGLE_FILE = "LOC_val_solution.csv"
DEVKIT = "ILSVRC2012_devkit_t12"


def label_file(folders: Iterable[Path]) -> Path | None:
    """The file that says the classes of the validation photos, in the first of these folders that has one."""
    names = (KAGGLE_FILE, f"{DEVKIT}/data/ILSVRC2012_validation_ground_truth.txt")
    return next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)


def val_labels(path: Path) -> dict[str, str]:
    """WordNet ids by the photo's name without suffix, from Kaggle's or from image-net.org's file of labels.

    Raises:
        DataError: a line is no label.
    """
    return _from_kaggle(path) if path.name == KAGGLE_FILE else _from_devkit(path)


def _from_kaggle(path: Path) -> dict[str, str]:
    """Lines such as `ILSVRC2012_val_00048981,n03995372 85 1 499 272`: a photo, its class, and the box around it."""
    labels = {}
    for number, line in enumerate(_lines(path), start=1):
        name, _, boxes = line.partition(",")
        wnid = boxes.partition(" ")[0]
        if wnid in synonyms():
            labels[name] = wnid
        elif number > 1:  # the first line is a header
            raise DataError(f"{path}, line {number}: {line!r} names no class; copy the file again")
    return labels


def _from_devkit(path: Path) -> dict[str, str]:
    """Line n is the number of the class of photo n, in a numbering of its own that meta.mat explains."""
    wnids = _numbering(path.with_name("meta.mat"))
    labels = {}
    for number, line in enumerate(_lines(path), start=1):
        if line not in wnids:
            raise DataError(f"{path}, line {number}: {line!r} is the number of no class; copy the file again")
        labels[f"ILSVRC2012_val_{number:08d}"] = wnids[line]
    return labels


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text("utf-8", errors="replace").splitlines()]


def _numbering(path: Path) -> dict[str, str]:
    """WordNet ids by class number; meta.mat also numbers wider terms, which label no photo."""
    from scipy.io import loadmat

    try:
        terms = loadmat(path, squeeze_me=True)["synsets"]
        wnids = {str(number): str(wnid) for number, wnid in zip(terms["ILSVRC2012_ID"], terms["WNID"], strict=True)}
    except Exception as error:  # SciPy's reader raises almost anything on damaged files
        raise DataError(f"{path} cannot be read ({error}); unpack {DEVKIT} again") from error
    return {number: wnid for number, wnid in wnids.items() if wnid in synonyms()}
