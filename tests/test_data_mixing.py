"""Batches of labelled and unlabelled photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from batches import config_of, joined, same

from data.config import DataConfig
from data.loaders import Loader, open_loader

if TYPE_CHECKING:
    from photos import Betons

CPU = torch.device("cpu")


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
    assert len(batches) == mixed.num_batches() == 3
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


def test_measuring_sees_the_labelled_photos_alone(mixed: Loader, betons: Betons):
    plain = open_loader(betons.val, config_of(betons), training=False, seed=0, device=CPU)
    assert same(joined(mixed.in_file_order()), joined(plain.in_file_order()))


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
