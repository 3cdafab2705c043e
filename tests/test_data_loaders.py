from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import torch
from batches import config_of, joined, same
from skimage import color

from data.beton import read_samples
from data.build import build
from data.config import BuildOptions, DataConfig
from data.decoding import BetonImages
from data.errors import DataError
from data.loaders import Loader, open_loader
from data.manifest import manifest_path, read_manifest, sealed
from data.sources.registry import open_source

if TYPE_CHECKING:
    from photos import Betons

CPU = torch.device("cpu")


@pytest.fixture
def training(betons: Betons):
    loader = open_loader(betons.train, config_of(betons), training=True, seed=7, device=CPU)
    yield loader
    loader.close()


@pytest.fixture
def evaluation(betons: Betons):
    loader = open_loader(betons.val, config_of(betons), training=False, seed=7, device=CPU)
    yield loader
    loader.close()


def decoding_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("huetune-decode")]


def test_evaluation_yields_every_photo_in_file_order(betons: Betons, evaluation: Loader):
    sizes = [len(batch.label) for batch in evaluation.in_file_order()]
    assert sizes == [5, 4]
    assert evaluation.num_samples == 9
    found = joined(evaluation.in_file_order())
    images, labels = zip(*read_samples(betons.val), strict=True)
    assert found.label.tolist() == list(labels)
    lab = torch.from_numpy(color.rgb2lab(np.stack(images))).permute(0, 3, 1, 2).float()
    errors = (found.lightness - (lab[:, :1] / 50 - 1)).abs().mean(), (found.ab - lab[:, 1:] / 110).abs().mean()
    assert max(errors) < 0.02  # FFCV's JPEG decoder rounds more coarsely than Pillow's


def test_batch_has_the_shapes_and_types_that_models_expect(training: Loader):
    batch = next(training.epoch(0))
    assert (batch.lightness.shape, batch.ab.shape, batch.label.shape) == ((5, 1, 32, 32), (5, 2, 32, 32), (5,))
    assert (batch.lightness.dtype, batch.ab.dtype, batch.label.dtype) == (torch.float32, torch.float32, torch.int64)


def test_training_drops_the_last_partial_batch(training: Loader):
    assert training.num_batches() == 4
    assert [len(batch.label) for batch in training.epoch(0)] == [5, 5, 5, 5]


def test_epoch_is_the_same_whatever_was_read_before(betons: Betons, training: Loader):
    first = joined(training.epoch(3))
    joined(training.epoch(0))
    next(training.epoch(1))
    assert same(joined(training.epoch(3)), first)
    fresh = open_loader(betons.train, config_of(betons), training=True, seed=7, device=CPU)
    assert same(joined(fresh.epoch(3)), first)


def test_epochs_and_seeds_differ(betons: Betons, training: Loader):
    other = open_loader(betons.train, config_of(betons), training=True, seed=8, device=CPU)
    assert not same(joined(training.epoch(0)), joined(training.epoch(1)))
    assert not same(joined(training.epoch(1)), joined(other.epoch(0)))  # seed + epoch would make these equal
    assert not same(joined(training.epoch(0)), joined(other.epoch(0)))


def test_training_epoch_shuffles_and_repeats_nothing(betons: Betons):
    whole = open_loader(betons.train, config_of(betons, batch_size=24, flip=0), training=True, seed=0, device=CPU)
    shuffled, ordered = (joined(batches).lightness.flatten(1) for batches in (whole.epoch(0), whole.in_file_order()))
    matches = (shuffled[:, None] == ordered[None]).all(dim=2)  # (24, 24)
    assert matches.sum(dim=0).tolist() == matches.sum(dim=1).tolist() == [1] * 24
    assert not matches.diagonal().all()


@pytest.mark.parametrize(("flip", "expected"), [(0.0, 0), (1.0, 24)])
def test_flip_mirrors_with_its_probability(betons: Betons, flip: float, expected: int):
    plain = open_loader(betons.train, config_of(betons, batch_size=24, flip=0), training=True, seed=0, device=CPU)
    other = open_loader(betons.train, config_of(betons, batch_size=24, flip=flip), training=True, seed=0, device=CPU)
    before, after = joined(plain.epoch(0)).ab, joined(other.epoch(0)).ab
    mirrored = (after == before.flip(3)).flatten(1).all(dim=1)
    assert int(mirrored.sum()) == expected


def test_smaller_images_are_means_over_the_area_of_each_pixel(betons: Betons):
    loader = open_loader(betons.val, config_of(betons, image_size=16), training=False, seed=0, device=CPU)
    assert next(loader.in_file_order()).ab.shape == (5, 2, 16, 16)
    whole, small = np.empty((32, 32, 3), np.uint8), np.empty((16, 16, 3), np.uint8)
    images = BetonImages(betons.val, 32)
    images.decode(0, whole)
    images.decode(0, small)
    means = whole.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - means).max() <= 0.5


@pytest.mark.parametrize("start", [1, 3])
def test_epoch_can_start_at_any_step(training: Loader, start: int):
    whole = list(training.epoch(2))
    assert same(joined(training.epoch(2, start)), joined(whole[start:]))


def test_epochs_that_are_broken_off_or_read_side_by_side_disturb_nobody(training: Loader):
    expected = [joined(training.epoch(number)) for number in (0, 1)]
    next(training.epoch(0))
    both = zip(training.epoch(0), training.epoch(1), strict=True)
    first, second = zip(*both, strict=True)
    assert same(joined(first), expected[0])
    assert same(joined(second), expected[1])


def test_close_ends_the_threads_and_a_running_epoch(training: Loader):
    running = training.epoch(0)
    next(running)
    assert decoding_threads()
    training.close()
    assert decoding_threads() == []
    with pytest.raises(RuntimeError, match="shutdown"):
        next(training.epoch(0))


def test_fifty_loaders_leave_neither_threads_nor_memory(betons: Betons):
    process, config = psutil.Process(), config_of(betons, num_workers=2)

    def use_one() -> None:
        loader = open_loader(betons.train, config, training=True, seed=0, device=CPU)
        list(loader.epoch(0))
        loader.close()

    for _ in range(10):
        use_one()
    threads, memory = threading.active_count(), process.memory_info().rss
    for _ in range(50):
        use_one()
    assert threading.active_count() <= threads
    # Of FFCV's own, each costs 20 MiB. Ours leave 10 KiB for each thread: handles of libjpeg-turbo.
    assert process.memory_info().rss - memory < 4 << 20


def test_torch_keeps_its_threads(betons: Betons):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        loader = open_loader(betons.train, config_of(betons), training=True, seed=0, device=CPU)
        for _ in loader.epoch(0):
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_several_workers_give_the_same_batches(betons: Betons, training: Loader):
    parallel = open_loader(betons.train, config_of(betons, num_workers=2), training=True, seed=7, device=CPU)
    assert same(joined(parallel.epoch(0)), joined(training.epoch(0)))


def test_raw_files_are_read_without_loss(photo_folder: Path, tmp_path: Path):
    options = BuildOptions(size=32, val=0.27, quality=None)
    build(open_source(str(photo_folder)), tmp_path, options, num_workers=1)
    beton = tmp_path / "val.beton"
    loader = open_loader(beton, DataConfig(train=beton, val=beton), training=False, seed=0, device=CPU)
    images, _ = zip(*read_samples(beton), strict=True)
    expected = torch.from_numpy(color.rgb2lab(np.stack(images))).permute(0, 3, 1, 2).float()
    torch.testing.assert_close(joined(loader.in_file_order()).ab, expected[:, 1:] / 110, atol=1e-4, rtol=0)


def test_training_set_below_one_batch_is_refused(betons: Betons):
    with pytest.raises(DataError, match="24 photos, fewer than one batch of 25"):
        open_loader(betons.train, config_of(betons, batch_size=25), training=True, seed=0, device=CPU)


def test_image_size_above_the_stored_one_is_refused(betons: Betons):
    with pytest.raises(DataError, match="image_size 64 is above the 32 px stored"):
        open_loader(betons.train, config_of(betons, image_size=64), training=True, seed=0, device=CPU)


def test_damaged_file_is_refused_at_once(betons: Betons, tmp_path: Path):
    (tmp_path / "x.beton").write_bytes(b"garbage")
    with pytest.raises(DataError, match="has no manifest"):
        open_loader(tmp_path / "x.beton", config_of(betons), training=True, seed=0, device=CPU)


def test_normalisation_by_127_and_128(betons: Betons, evaluation: Loader):
    loader = open_loader(betons.val, config_of(betons, normalisation="ab128"), training=False, seed=0, device=CPU)
    found, plain = joined(loader.in_file_order()), joined(evaluation.in_file_order())
    expected = torch.where(plain.ab > 0, plain.ab * 110 / 127, plain.ab * 110 / 128)
    torch.testing.assert_close(found.ab, expected, atol=1e-6, rtol=0)
    assert found.ab.min() < 0 < found.ab.max()


def test_labels_beyond_the_manifests_classes_are_refused(betons: Betons, tmp_path: Path):
    for path in (betons.val, manifest_path(betons.val)):
        shutil.copy(path, tmp_path)
    manifest = read_manifest(tmp_path / "val.beton")
    fewer = manifest.model_copy(update={"classes": ("brick", "leaf")})
    manifest_path(tmp_path / "val.beton").write_text(sealed(fewer.model_dump_json(indent=1)))
    with pytest.raises(DataError, match="labels of classes that its manifest does not have"):
        open_loader(tmp_path / "val.beton", config_of(betons), training=False, seed=0, device=CPU)


READ_ALL = """
import mmap, sys
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
    sum(pages[::4096])
    print(flush=True)
    input()
"""


def test_processes_share_the_files_pages(betons: Betons, training: Loader):
    """The kernel tells pages that two processes have mapped from those of one."""
    list(training.epoch(0))
    command = [sys.executable, "-c", READ_ALL, str(betons.train)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603
        assert other.stdout is not None
        other.stdout.readline()
        mapped = [part for part in psutil.Process().memory_maps(grouped=False) if part.path == str(betons.train)]
        other.communicate(b"\n")
    assert sum(part.shared_clean for part in mapped) > 0
    assert sum(part.private_dirty for part in mapped) == 0
