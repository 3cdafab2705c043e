"""Epochs over chosen photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from batches import config_of, joined, same

from data.errors import DataError
from data.loaders import Loader, open_loader

if TYPE_CHECKING:
    from photos import Betons

CPU = torch.device("cpu")


@pytest.fixture
def loader(betons: Betons):
    loader = open_loader(betons.train, config_of(betons, flip=0), training=True, seed=7, device=CPU)
    yield loader
    loader.close()


def photo_numbers(loader: Loader, lightness: torch.Tensor) -> list[int]:
    """Numbers in the file of photos (B,1,H,W)."""
    known = joined(loader.in_file_order()).lightness
    return [int((known == photo).flatten(1).all(dim=1).nonzero()) for photo in lightness]


def test_only_the_chosen_photos_come_each_once_in_another_order_each_epoch(loader: Loader):
    chosen = np.array([3, 4, 8, 9, 11, 12, 17, 20, 21, 23])
    orders = [photo_numbers(loader, joined(loader.epoch(number, photos=chosen)).lightness) for number in range(2)]
    assert [sorted(order) for order in orders] == [chosen.tolist()] * 2
    assert orders[0] != orders[1] != chosen.tolist()


def test_all_photos_chosen_are_all_photos(loader: Loader):
    assert same(joined(loader.epoch(1, photos=np.arange(24))), joined(loader.epoch(1)))


def test_only_whole_batches_of_them(loader: Loader):
    chosen = np.arange(0, 24, 2)
    assert loader.num_batches(chosen) == 2
    batches = list(loader.epoch(0, photos=chosen))
    assert [len(batch.label) for batch in batches] == [5, 5]
    assert same(joined(loader.epoch(0, 1, chosen)), batches[1])


def test_fewer_than_a_batch_are_refused(loader: Loader):
    with pytest.raises(DataError, match="4 photos fill no batch of 5; lower batch_size"):
        loader.epoch(0, photos=np.arange(4))


def test_unlabelled_photos_are_mixed_in_all_the_same(betons: Betons):
    config = config_of(betons, unlabelled=betons.val, unlabelled_share=0.4, flip=0)
    mixed = open_loader(betons.train, config, training=True, seed=0, device=CPU)
    (batch,) = mixed.epoch(2, photos=np.arange(3))
    assert (batch.label >= 0).tolist() == [True] * 3 + [False] * 2
    assert sorted(photo_numbers(mixed, batch.lightness[:3])) == [0, 1, 2]
    mixed.close()
