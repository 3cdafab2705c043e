"""Which photos come when: everything random about the data follows from (seed, pass over the file) alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Order:
    """Photos one after the other."""

    numbers: NDArray[np.int64]  # (N,) in the file
    flips: NDArray[np.bool_]  # (N,) mirrored left to right
    corners: NDArray[np.float64]  # (N,2) where a crop begins, down and across, in 0..1 of the room that it has

    def part(self, start: int, stop: int) -> "Order":
        return Order(self.numbers[start:stop], self.flips[start:stop], self.corners[start:stop])


def in_file_order(num_photos: int) -> Order:
    return Order(np.arange(num_photos), np.zeros(num_photos, dtype=np.bool_), np.zeros((num_photos, 2)))


def shuffled(num_photos: int, flip: float, *key: int) -> Order:
    """Every photo once, in the random order of `key`, mirrored with probability `flip`."""
    random = np.random.default_rng(key)
    numbers = random.permutation(num_photos)
    return Order(numbers, random.random(num_photos) < flip, random.random((num_photos, 2)))


def endless(num_photos: int, flip: float, start: int, length: int, *key: int) -> Order:
    """`length` places from place `start` of one shuffled pass after the other."""
    first, last = start // num_photos, (start + length - 1) // num_photos
    passes = [shuffled(num_photos, flip, *key, number) for number in range(first, last + 1)]
    joined = Order(
        np.concatenate([one.numbers for one in passes]),
        np.concatenate([one.flips for one in passes]),
        np.concatenate([one.corners for one in passes]),
    )
    return joined.part(start - first * num_photos, start - first * num_photos + length)
