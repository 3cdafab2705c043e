"""ImageNet: the names of its classes, and its photos in the arrangements that are common."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from source_places import write_photo

from data.errors import DataError
from data.sources.imagenet_classes import class_name, synonyms, wanted_ids
from data.sources.photo import Source
from data.sources.registry import open_source

LIONFISH, PUFFER, SPORTS_CAR = "n02643566", "n02655020", "n04285008"
SEA_ANIMALS = ["lionfish", "pufferfish", "sea anemone", "sea cucumber", "sea snake"]

VAL = {"ILSVRC2012_val_00000001": SPORTS_CAR, "ILSVRC2012_val_00000002": LIONFISH, "ILSVRC2012_val_00000003": PUFFER}
KAGGLE_LABELS = "ImageId,PredictionString\n" + "".join(
    f"{name},{wnid} 1 2 3 4 {wnid} 5 6 7 8\n" for name, wnid in VAL.items()
)


def write_train(root: Path) -> None:
    for wnid in (SPORTS_CAR, LIONFISH):
        write_photo(root / f"train/{wnid}/{wnid}_1.JPEG")


def write_flat_val(root: Path) -> None:
    for name in VAL:
        write_photo(root / f"val/{name}.JPEG")


def torchvision(folder: Path) -> Path:
    write_train(folder)
    for name, wnid in VAL.items():
        write_photo(folder / f"val/{wnid}/{name}.JPEG")
    return folder


def kaggle(folder: Path) -> Path:
    root = folder / "ILSVRC/Data/CLS-LOC"
    write_train(root)
    write_flat_val(root)
    write_photo(root / "test/ILSVRC2012_test_00000001.JPEG")
    (folder / "LOC_val_solution.csv").write_text(KAGGLE_LABELS)
    return folder


def image_net_org(folder: Path) -> Path:
    write_train(folder)
    write_flat_val(folder)
    write_devkit(folder, "2\n3\n1\n")
    return folder


def write_devkit(folder: Path, truth: str) -> None:
    """Three classes in a numbering of their own, and a wider term after them, which labels no photo."""
    from scipy.io import savemat

    data = folder / "ILSVRC2012_devkit_t12/data"
    data.mkdir(parents=True)
    terms = [(1, PUFFER), (2, SPORTS_CAR), (3, LIONFISH), (4, "n00001740")]
    savemat(data / "meta.mat", {"synsets": np.array(terms, dtype=[("ILSVRC2012_ID", "O"), ("WNID", "O")])})
    (data / "ILSVRC2012_validation_ground_truth.txt").write_text(truth)


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "torchvision": torchvision,
    "kaggle": kaggle,
    "kaggle, from within": lambda folder: kaggle(folder) / "ILSVRC",
    "kaggle, from the very folder": lambda folder: kaggle(folder) / "ILSVRC/Data/CLS-LOC",
    "image-net.org": image_net_org,
}


def found(source: Source) -> set[tuple[str, str | None, str | None]]:
    """File name, label and split of each photo."""
    return {(photo.id.rsplit("/", 1)[1], photo.label, photo.split) for photo in source.photos()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_arrangement_has_the_same_labels(layout: str, tmp_path: Path):
    source = open_source(f"imagenet:{LAYOUTS[layout](tmp_path)}")
    assert source.classes == ("lionfish", "puffer", "sports car")
    assert found(source) == {
        ("n04285008_1.JPEG", "sports car", "train"),
        ("n02643566_1.JPEG", "lionfish", "train"),
        ("ILSVRC2012_val_00000001.JPEG", "sports car", "val"),
        ("ILSVRC2012_val_00000002.JPEG", "lionfish", "val"),
        ("ILSVRC2012_val_00000003.JPEG", "puffer", "val"),
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_wanted_classes_may_be_ids_and_synonyms(layout: str, tmp_path: Path):
    source = open_source(f"imagenet:{LAYOUTS[layout](tmp_path)}", ["PufferFish", "n04285008", "sport_car"])
    assert source.classes == ("puffer", "sports car")
    assert {label for _, label, _ in found(source)} == {"puffer", "sports car"}


def test_names_are_those_of_torchvision():
    from torchvision.models import ResNet18_Weights

    categories = ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
    assert list(synonyms()) == sorted(synonyms())
    differing = {
        wnid: category
        for (wnid, names), category in zip(synonyms().items(), categories, strict=True)
        if names[0] != category
    }
    assert differing == {"n02012849": "crane bird", "n03710721": "maillot tank suit"}  # theirs tell twins apart so


def test_every_class_name_is_of_one_class():
    for wnid in synonyms():
        assert wanted_ids("imagenet", [class_name(wnid)]) == wanted_ids("imagenet", [wnid]) == {wnid}


def test_names_of_two_classes_carry_the_id():
    assert class_name("n02012849") == "crane (n02012849)"
    assert class_name("n02963159") == "cardigan (n02963159)"  # n02113186 is Cardigan, a dog


def test_a_name_of_two_classes_is_refused_with_their_ids():
    with pytest.raises(DataError, match=r"2 classes 'Crane'; give the id of one: n02012849 \(crane\), n03126707"):
        wanted_ids("imagenet", ["Crane"])


def test_the_classes_of_the_published_systems_are_known_by_their_usual_names():
    sea = {"n01751748", "n01914609", "n02321529", "n02643566", "n02655020"}
    assert wanted_ids("imagenet", SEA_ANIMALS) == sea
    assert wanted_ids("imagenet", ["sports car", "passenger car"]) == {"n03895866", "n04285008"}


def test_an_unknown_class_is_told_the_nearest_synonym():
    with pytest.raises(DataError, match="has no class 'puferfish'; did you mean 'pufferfish'"):
        wanted_ids("imagenet", ["puferfish"])


def test_folders_of_other_classes_are_not_listed(tmp_path: Path):
    root = torchvision(tmp_path)
    (root / f"train/{SPORTS_CAR}/again").symlink_to(root)  # listing it would fail
    assert len(found(open_source(f"imagenet:{root}", ["lionfish"]))) == 2


def test_a_wanted_class_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"no photos of n01751748 \(sea snake\), n01914609 \(sea anemone, anemone\)"):
        open_source(f"imagenet:{torchvision(tmp_path)}", ["lionfish", "sea snake", "sea anemone"])


def test_a_folder_that_is_no_class_is_refused(tmp_path: Path):
    write_photo(tmp_path / "train/tabby/1.jpg")
    with pytest.raises(DataError, match=r"train/tabby is not named by the id of an ImageNet class.* folder:FOLDER"):
        open_source(f"imagenet:{tmp_path}")


def test_unlabelled_val_is_refused_with_what_to_put_where(tmp_path: Path):
    write_flat_val(tmp_path)
    with pytest.raises(DataError, match=rf"3 photos in .* LOC_val_solution.csv or .*, unpacked, into {tmp_path}"):
        open_source(f"imagenet:{tmp_path}")


def test_a_photo_that_the_labels_do_not_name_is_refused(tmp_path: Path):
    write_photo(kaggle(tmp_path) / "ILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_00000004.JPEG")
    with pytest.raises(DataError, match=r"LOC_val_solution\.csv has no label for .*00000004\.JPEG"):
        open_source(f"imagenet:{tmp_path}")


def test_damaged_labels_are_named_with_their_line(tmp_path: Path):
    (kaggle(tmp_path / "kaggle") / "LOC_val_solution.csv").write_text(f"{KAGGLE_LABELS}ILSVRC2012_val_00000004,cat 1\n")
    with pytest.raises(DataError, match=r"LOC_val_solution\.csv, line 5: 'ILSVRC2012_val_0.*cat 1' names no class"):
        open_source(f"imagenet:{tmp_path / 'kaggle'}")
    write_flat_val(tmp_path / "org")
    write_devkit(tmp_path / "org", "1\n4\n")
    with pytest.raises(DataError, match=r"ground_truth\.txt, line 2: '4' is the number of no class"):
        open_source(f"imagenet:{tmp_path / 'org'}")


def test_a_damaged_devkit_is_refused(tmp_path: Path):
    (image_net_org(tmp_path) / "ILSVRC2012_devkit_t12/data/meta.mat").write_bytes(b"not a MATLAB file")
    with pytest.raises(DataError, match=r"meta\.mat cannot be read .*; unpack ILSVRC2012_devkit_t12 again"):
        open_source(f"imagenet:{tmp_path}")
