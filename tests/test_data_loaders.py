from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from skimage import color

from data.batch import Batch
from data.beton import read_samples
from data.build import build
from data.config import BuildOptions, DataConfig
from data.errors import DataError
from data.loaders import Loader, open_loader
from data.sources.registry import open_source

if TYPE_CHECKING:
    from photos import Betons

CPU = torch.device("cpu")


def config_of(betons: Betons, **changes: object) -> DataConfig:
    return DataConfig.model_validate({"train": betons.train, "val": betons.val, "batch_size": 5} | changes)


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


def joined(batches: Iterable[Batch]) -> Batch:
    kept = list(batches)  # kept past their turn: buffers that FFCV reuses would show
    return Batch(*(torch.cat([getattr(batch, part) for batch in kept]) for part in ("lightness", "ab", "label")))


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(getattr(first, part), getattr(second, part)) for part in ("lightness", "ab", "label"))


def decoding_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if type(thread).__name__ == "EpochIterator"]


def test_evaluation_yields_every_photo_in_file_order(betons: Betons, evaluation: Loader):
    sizes = [len(batch.label) for batch in evaluation.epoch(0)]
    assert sizes == [5, 4]
    assert (len(evaluation), evaluation.num_samples) == (2, 9)
    found = joined(evaluation.epoch(0))
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
    assert len(training) == 4
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
    in_file_order = open_loader(betons.train, config_of(betons), training=False, seed=0, device=CPU)
    shuffled, ordered = joined(whole.epoch(0)).lightness.flatten(1), joined(in_file_order.epoch(0)).lightness.flatten(1)
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


def test_image_size_resizes_on_the_device(betons: Betons):
    loader = open_loader(betons.val, config_of(betons, image_size=16), training=False, seed=0, device=CPU)
    assert next(loader.epoch(0)).ab.shape == (5, 2, 16, 16)


def test_broken_off_epochs_stop_their_thread_and_block_nothing(training: Loader):
    for _ in training.epoch(0):
        break
    assert decoding_threads() == []
    held = training.epoch(1)
    next(held)
    assert same(joined(training.epoch(2)), joined(training.epoch(2)))
    with pytest.raises(RuntimeError, match="ended when another one"):
        list(held)
    assert decoding_threads() == []


def test_exception_in_the_loop_leaves_the_loader_usable(training: Loader):
    def fail() -> None:
        for _ in training.epoch(0):
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert len(list(training.epoch(0))) == 4
    assert decoding_threads() == []


def test_close_ends_a_running_epoch(training: Loader):
    running = training.epoch(0)
    next(running)
    training.close()
    assert decoding_threads() == []


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
    torch.testing.assert_close(joined(loader.epoch(0)).ab, expected[:, 1:] / 110, atol=1e-4, rtol=0)


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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_decoding_thread_that_dies_is_an_error_and_no_endless_wait(training: Loader, monkeypatch: pytest.MonkeyPatch):
    def die(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("data.decoding.EpochIterator.run_pipeline", die)
    with pytest.raises(DataError, match="broke off"):
        next(training.epoch(0))
