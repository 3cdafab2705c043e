"""Real files for every test: a small folder of photos, and .beton files built from it."""

import os
import shutil
from pathlib import Path

import pytest
from photos import SHAPES, Betons, make_photo

if "PYTEST_XDIST_WORKER" in os.environ:  # trainings side by side take each other's cores, and then ten times as long
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 3 class folders of 11 JPEGs each."""
    folder = tmp_path_factory.mktemp("photos")
    for name in SHAPES:
        (folder / name).mkdir()
        for number in range(11):
            make_photo(name, number).save(folder / name / f"{number:02d}.jpg", quality=95)
    return folder


@pytest.fixture(scope="session")
def betons(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Betons:
    from data.build import build
    from data.config import BuildOptions
    from data.sources.registry import open_source

    folder = tmp_path_factory.mktemp("betons")
    options = BuildOptions(size=32, val=0.27)
    build(open_source(str(photo_folder)), folder, options, num_workers=1)
    return Betons(folder / "train.beton", folder / "val.beton")


@pytest.fixture
def beton(betons: Betons, tmp_path: Path) -> Path:
    """A copy of the validation file to damage, alone with its manifest."""
    from data.manifest import manifest_path

    shutil.copy(manifest_path(betons.val), tmp_path)
    return Path(shutil.copy(betons.val, tmp_path))
