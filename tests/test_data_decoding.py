"""The images of a .beton by number, and batches of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from ffcv.loader import Loader as FfcvLoader

from data.assembly import Chosen, Frame, assemble, stage
from data.colour import AB_SCALES
from data.decoding import BetonImages
from data.errors import DataError
from data.ffcv_parts import Reader
from data.order import shuffled

if TYPE_CHECKING:
    from photos import Betons

CPU = torch.device("cpu")


@pytest.mark.parametrize("image_size", [None, 16])
def test_photos_staged_for_a_gpu_become_the_same_batch(betons: Betons, image_size: int | None):
    """All of the GPU's way but the GPU: bytes are staged, moved, and converted for the whole batch."""
    photos, frame = BetonImages(betons.train, 32), Frame(image_size or 32)
    orders = [shuffled(24, 0.5, key) for key in (1, 2)]
    choice = tuple(Chosen(photos, order.part(0, 4), photos.labels[order.numbers[:4]]) for order in orders)
    for scale in AB_SCALES.values():
        expected, found = assemble(choice, frame, scale), stage(choice, frame).to(CPU, scale)
        torch.testing.assert_close(found.lightness, expected.lightness, atol=1e-5, rtol=0)
        torch.testing.assert_close(found.ab, expected.ab, atol=1e-5, rtol=0)
        assert torch.equal(found.label, expected.label)
        assert found.scale == expected.scale


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
