"""Random squares out of the training photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from batches import config_of, joined, same

from data.assembly import Frame, assemble, stage
from data.colour import AB_SCALES
from data.config import DataConfig
from data.errors import DataError
from data.loaders import Loader, open_loader

if TYPE_CHECKING:
    from photos import Betons

CPU = torch.device("cpu")


def open_cropping(betons: Betons, **changes: object) -> Loader:
    config = config_of(betons, crop=24, flip=0, **changes)
    return open_loader(betons.train, config, training=True, seed=7, device=CPU)


@pytest.fixture
def cropping(betons: Betons):
    loader = open_cropping(betons)
    yield loader
    loader.close()


def corner(whole: torch.Tensor, part: torch.Tensor) -> tuple[int, int]:
    """Where a part (1,24,24) of a photo (1,32,32) was cut out; the only place where it fits."""
    # Not to the bit: where in a row a pixel lies decides about its last one.
    ((top, left),) = [
        (y, x) for y in range(9) for x in range(9) if torch.allclose(whole[:, y : y + 24, x : x + 24], part, atol=1e-5)
    ]
    return top, left


def test_parts_of_the_same_photos_from_all_over_them(betons: Betons, cropping: Loader):
    plain = open_loader(betons.train, config_of(betons, flip=0), training=True, seed=7, device=CPU)
    corners = [
        corner(whole, part)
        for number in range(4)
        for whole, part in zip(
            joined(plain.epoch(number)).lightness, joined(cropping.epoch(number)).lightness, strict=True
        )
    ]
    tops, lefts = zip(*corners, strict=True)
    assert set(tops) == set(lefts) == set(range(9))  # of 80 draws, each of 9 places is missed by chance once in 12,000
    assert len(set(corners)) > 40


def test_parts_follow_from_seed_and_epoch_alone(betons: Betons, cropping: Loader):
    batches = list(cropping.epoch(3))
    assert same(joined(open_cropping(betons).epoch(3, 2)), joined(batches[2:]))
    assert not same(joined(cropping.epoch(4)), joined(batches))


def test_measuring_sees_whole_photos(cropping: Loader):
    assert [batch.ab.shape[2:] for batch in cropping.in_file_order()] == [(32, 32)] * 5


def test_unlabelled_photos_are_cropped_alike(betons: Betons):
    loader = open_cropping(betons, unlabelled=betons.val, unlabelled_share=0.4)
    assert next(loader.epoch(0)).ab.shape == (5, 2, 24, 24)
    loader.close()


def test_mirrored_after_the_cut(betons: Betons, cropping: Loader):
    config = config_of(betons, crop=24, flip=1)
    mirrored = open_loader(betons.train, config, training=True, seed=7, device=CPU)
    torch.testing.assert_close(joined(mirrored.epoch(0)).ab, joined(cropping.epoch(0)).ab.flip(3), atol=1e-5, rtol=0)
    mirrored.close()


def test_parts_on_their_way_to_a_gpu_are_the_same(betons: Betons):
    loader = open_loader(betons.train, config_of(betons, crop=20, image_size=24), training=True, seed=7, device=CPU)
    frame, scale = Frame(24, 20), AB_SCALES["ab110"]
    for choice in loader._shuffled(0, 0, None):
        expected, found = assemble(choice, frame, scale), stage(choice, frame).to(CPU, scale)
        torch.testing.assert_close(found.lightness, expected.lightness, atol=1e-4, rtol=0)
        torch.testing.assert_close(found.ab, expected.ab, atol=1e-4, rtol=0)
        assert torch.equal(found.label, expected.label)
    loader.close()


def test_more_than_the_photo_is_refused(betons: Betons):
    with pytest.raises(DataError, match="crop 40 is above the 32 px"):
        open_loader(betons.train, config_of(betons, crop=40), training=True, seed=0, device=CPU)
    with pytest.raises(ValueError, match="crop is 32, more than image_size, 24; lower it"):
        DataConfig(train=betons.train, val=betons.val, crop=32, image_size=24)
