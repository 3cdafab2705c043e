"""The figures of a manifest, against numpy, scikit-image and the bins of torch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from data.beton import read_samples
from data.bins import gamut_bins
from data.build import build
from data.colour import rgb_to_lab
from data.config import BuildOptions
from data.figures import figures, photo_sums, total
from data.manifest import Figures, Manifest
from data.sources.registry import open_source

RANDOM = np.random.default_rng(0).integers(0, 256, (3, 40, 56, 3), dtype=np.uint8)  # 3 photos of 40 rows


def expected(pixels: np.ndarray) -> np.ndarray:
    """Means and standard deviations (12,) of pixels (N,3), as Figures lists them."""
    rgb, lab = pixels / 255, rgb2lab(pixels)
    return np.concatenate([rgb.mean(0), rgb.std(0), lab.mean(0), lab.std(0)])


def numbers(found: Figures) -> np.ndarray:
    return np.array([*found.rgb_mean, *found.rgb_std, *found.lab_mean, *found.lab_std])


def bins_of(pixels: np.ndarray) -> np.ndarray:
    """How many of the pixels (N,3) are in each bin (Q,)."""
    rgb = torch.from_numpy(pixels).T.reshape(1, 3, 1, -1).float() / 255
    ab = rgb_to_lab(rgb)[:, 1:]
    return np.bincount(gamut_bins().nearest(ab).flatten().numpy(), minlength=gamut_bins().num_bins)


def test_sums_over_photos_are_those_over_all_their_pixels():
    sums = total(photo_sums(photo) for photo in RANDOM)
    pixels = RANDOM.reshape(-1, 3)
    assert sums.num_pixels == len(pixels)
    assert np.allclose(numbers(figures(3, sums)), expected(pixels), rtol=0, atol=2e-4)
    assert np.array_equal(sums.ab_bins, bins_of(pixels))


def test_every_colour_of_the_edge_of_the_gamut_has_its_bin():
    levels = np.array([0, 255], dtype=np.uint8)
    corners = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(2, 4, 3)
    assert np.array_equal(photo_sums(corners).ab_bins, bins_of(corners.reshape(-1, 3)))


def test_one_colour_does_not_spread():
    found = figures(1, photo_sums(np.full((64, 64, 3), (200, 30, 90), dtype=np.uint8)))
    assert found.rgb_mean == (0.784314, 0.117647, 0.352941)
    assert found.rgb_std == (0, 0, 0)
    assert np.allclose(found.lab_mean, rgb2lab(np.array([200, 30, 90]) / 255), atol=1e-3)
    assert max(found.lab_std) < 0.05


def test_no_photo_has_figures_of_nothing():
    assert not numbers(figures(0, total([]))).any()


@pytest.fixture(scope="module")
def raw(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, np.ndarray, np.ndarray]:
    """The manifest of a file of exact pixels, its images (N,32,32,3) and their labels (N,)."""
    folder = tmp_path_factory.mktemp("raw")
    options = BuildOptions(size=32, val=0.27, quality=None)
    manifest = build(open_source(str(photo_folder)), folder, options, num_workers=2)["train"]
    images, labels = zip(*read_samples(folder / "train.beton"), strict=True)
    return manifest, np.stack(images), np.array(labels)


def test_manifest_has_the_figures_of_the_file_and_of_each_class(raw: tuple[Manifest, np.ndarray, np.ndarray]):
    manifest, images, labels = raw
    assert manifest.figures.num_photos == len(images) == 24
    assert np.allclose(numbers(manifest.figures), expected(images.reshape(-1, 3)), rtol=0, atol=2e-4)
    for label, name in enumerate(manifest.classes):
        found, members = manifest.class_figures[name], images[labels == label]
        assert found.num_photos == len(members)
        assert np.allclose(numbers(found), expected(members.reshape(-1, 3)), rtol=0, atol=2e-4)


def test_manifest_counts_the_pixels_of_each_bin(raw: tuple[Manifest, np.ndarray, np.ndarray]):
    manifest, images, _ = raw
    assert sum(manifest.ab_bin_counts) == 24 * 32 * 32
    assert np.array_equal(manifest.ab_bin_counts, bins_of(images.reshape(-1, 3)))
