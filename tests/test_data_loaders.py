from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import torch
from ffcv.loader import Loader as FfcvLoader
from skimage import color

from data.assembly import Chosen, assemble, stage
from data.batch import Batch
from data.beton import read_samples
from data.build import build
from data.colour import AB_SCALES
from data.config import BuildOptions, DataConfig
from data.decoding import BetonImages
from data.errors import DataError
from data.ffcv_parts import Reader
from data.loaders import Loader, open_loader
from data.manifest import manifest_path, read_manifest, sealed
from data.order import shuffled
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
    parts = (torch.cat([getattr(batch, part) for batch in kept]) for part in ("lightness", "ab", "label"))
    return Batch(*parts, kept[0].scale)


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(getattr(first, part), getattr(second, part)) for part in ("lightness", "ab", "label"))


def decoding_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("huetune-decode")]


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


def test_smaller_images_are_means_over_the_area_of_each_pixel(betons: Betons):
    loader = open_loader(betons.val, config_of(betons, image_size=16), training=False, seed=0, device=CPU)
    assert next(loader.epoch(0)).ab.shape == (5, 2, 16, 16)
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


@pytest.fixture
def mixed(betons: Betons):
    """Batches of 5 photos: 3 of the 9 labelled ones of val.beton, 2 of the 24 of train.beton without their labels."""
    config = DataConfig(
        train=betons.val, val=betons.val, unlabelled=betons.train, unlabelled_share=0.4, batch_size=5, flip=0
    )
    loader = open_loader(betons.val, config, training=True, seed=0, device=CPU)
    yield loader
    loader.close()


def test_each_batch_mixes_labelled_and_unlabelled_photos(mixed: Loader):
    batches = list(mixed.epoch(0))
    assert len(batches) == len(mixed) == 3
    for batch in batches:
        assert (batch.label >= 0).tolist() == [True, True, True, False, False]
    assert same(joined(mixed.epoch(0, 2)), joined(batches[2:]))


def test_every_unlabelled_photo_comes_before_any_comes_again(mixed: Loader):
    """24 of them, 6 an epoch: epochs 0 to 3 see each one once, 4 to 7 once more in another order."""
    seen = [
        photo.numpy().tobytes() for number in range(8) for batch in mixed.epoch(number) for photo in batch.lightness[3:]
    ]
    assert len(set(seen[:24])) == 24
    assert set(seen[:24]) == set(seen[24:])
    assert seen[:24] != seen[24:]


def test_no_pass_over_one_file_has_the_order_of_one_over_the_other(betons: Betons):
    """Batches of one photo of each of two files of equal length."""
    data = {"train": betons.train, "val": betons.val, "unlabelled": betons.train, "unlabelled_share": 0.5}
    config = DataConfig.model_validate({**data, "batch_size": 2, "flip": 0})
    loader = open_loader(betons.train, config, training=True, seed=0, device=CPU)
    for epoch in range(3):
        same_photo = [torch.equal(*batch.lightness) for batch in loader.epoch(epoch)]
        assert sum(same_photo) < 8  # 1 by chance
    loader.close()


def test_mixtures_without_photos_to_mix_are_refused(betons: Betons):
    with pytest.raises(ValueError, match="there is no file"):
        config_of(betons, unlabelled_share=0.5)
    with pytest.raises(ValueError, match="batch_size is 1; raise it"):
        config_of(betons, unlabelled="x.beton", unlabelled_share=0.5, batch_size=1)


@pytest.mark.parametrize(("share", "expected"), [(0, 0), (0.01, 1), (0.4, 2), (0.99, 4)])
def test_any_share_leaves_photos_of_both_kinds(betons: Betons, share: float, expected: int):
    assert config_of(betons, unlabelled="x.beton", unlabelled_share=share).num_unlabelled == expected


def test_normalisation_by_127_and_128(betons: Betons, evaluation: Loader):
    loader = open_loader(betons.val, config_of(betons, normalisation="ab128"), training=False, seed=0, device=CPU)
    found, plain = joined(loader.epoch(0)), joined(evaluation.epoch(0))
    expected = torch.where(plain.ab > 0, plain.ab * 110 / 127, plain.ab * 110 / 128)
    torch.testing.assert_close(found.ab, expected, atol=1e-6, rtol=0)
    assert found.ab.min() < 0 < found.ab.max()


@pytest.mark.parametrize("image_size", [None, 16])
def test_photos_staged_for_a_gpu_become_the_same_batch(betons: Betons, image_size: int | None):
    """All of the GPU's way but the GPU: bytes are staged, moved, and converted for the whole batch."""
    photos, side = BetonImages(betons.train, 32), image_size or 32
    orders = [shuffled(24, 0.5, key) for key in (1, 2)]
    choice = tuple(Chosen(photos, order.part(0, 4), photos.labels[order.numbers[:4]]) for order in orders)
    for scale in AB_SCALES.values():
        expected, found = assemble(choice, side, scale), stage(choice, side).to(CPU, scale)
        torch.testing.assert_close(found.lightness, expected.lightness, atol=1e-5, rtol=0)
        torch.testing.assert_close(found.ab, expected.ab, atol=1e-5, rtol=0)
        assert torch.equal(found.label, expected.label)
        assert found.scale == expected.scale


def test_labels_beyond_the_manifests_classes_are_refused(betons: Betons, tmp_path: Path):
    for path in (betons.val, manifest_path(betons.val)):
        shutil.copy(path, tmp_path)
    manifest = read_manifest(tmp_path / "val.beton")
    fewer = manifest.model_copy(update={"classes": ("brick", "leaf")})
    manifest_path(tmp_path / "val.beton").write_text(sealed(fewer.model_dump_json(indent=1)))
    with pytest.raises(DataError, match="labels of classes that its manifest does not have"):
        open_loader(tmp_path / "val.beton", config_of(betons), training=False, seed=0, device=CPU)


def test_image_that_does_not_decode_is_named(betons: Betons, tmp_path: Path):
    beton = tmp_path / "val.beton"
    content = bytearray(betons.val.read_bytes())
    start = content.index(b"\xff\xd8\xff", content.index(b"\xff\xd8\xff") + 1)
    content[start] = 0
    beton.write_bytes(content)
    with pytest.raises(DataError, match=r"val\.beton: sample 1 does not decode; copy the \.beton"):
        BetonImages(beton, 32).decode(1, np.empty((32, 32, 3), np.uint8))


def test_damaged_tables_are_refused_before_the_decoder_trusts_them(betons: Betons, tmp_path: Path):
    reader = Reader(str(betons.val))
    for pointer in (int(reader.metadata["f0"]["data_ptr"][4]), int(reader.alloc_table["size"][4])):
        content = bytearray(betons.val.read_bytes())
        place = content.rindex(pointer.to_bytes(8, "little"))
        content[place : place + 8] = (1 << 40).to_bytes(8, "little")
        (tmp_path / "x.beton").write_bytes(content)
        with pytest.raises(DataError, match="damaged tables"):
            BetonImages(tmp_path / "x.beton", 32)


def test_ffcvs_own_loader_reads_the_files(betons: Betons):
    loader = FfcvLoader(str(betons.val), batch_size=4, num_workers=1, drop_last=False)
    images, labels = zip(*((image.numpy().copy(), label.numpy().copy()) for image, label in loader), strict=True)
    ours = BetonImages(betons.val, 32)
    decoded = np.empty((9, 32, 32, 3), np.uint8)
    for number in range(9):
        ours.decode(number, decoded[number])
    assert np.array_equal(np.concatenate(images), decoded)
    assert np.concatenate(labels)[:, 0].tolist() == ours.labels.tolist()


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
