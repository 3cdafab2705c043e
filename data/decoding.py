"""The images of a .beton file by number, decoded by FFCV's C++ in as many threads as ask.

FFCV's own `Loader` is not used. It compiles a pipeline for each loader (0.6 s, and 20 MB that no one frees), keeps
its thread when an epoch is broken off, waits for ever when that thread dies, and passes on what did not decode. Its C
functions let go of Python's lock, so that plain threads decode just as fast; each thread costs 10 KB of libjpeg's that
FFCV does not free.

A JPEG with a flipped bit often decodes to another picture: that is for the manifest's hashes to notice.
"""

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.ffcv_parts import IMAGE_MODES, Reader, ctypes_imdecode, ctypes_resize
from data.manifest import MEND

Image = NDArray[np.uint8]


class BetonImages:
    """An open .beton of `side` × `side` images. Memory-mapped: processes that read the same file share its pages."""

    def __init__(self, beton: Path, side: int) -> None:
        """Raises DataError where the file's tables do not describe such images."""
        self._beton, self.side = beton, side
        reader = Reader(str(beton))
        images, self.labels = reader.metadata["f0"], reader.metadata["f1"].astype(np.int64).reshape(-1)  # (N,)
        self._raw = images["mode"] == IMAGE_MODES["raw"]  # (N,)
        self._starts = images["data_ptr"].astype(np.int64)  # (N,)
        self._lengths = _lengths(reader.alloc_table, images["data_ptr"])  # (N,)
        self._file = np.memmap(beton, dtype=np.uint8, mode="r")
        self._address = self._file.ctypes.data
        # FFCV's decoder trusts these numbers; a wrong one would end the process.
        sides = np.stack((images["width"], images["height"]))
        ends = self._starts + self._lengths
        if (sides != side).any() or (ends > len(self._file)).any() or (self._lengths[self._raw] != 3 * side**2).any():
            raise DataError(f"{beton} has damaged tables; {MEND}")

    def decode(self, number: int, into: Image) -> None:
        """Write image `number` into an array (s,s,3), s at most `side`; if smaller, means over its pixels' areas.

        Raises:
            DataError: its JPEG is damaged.
        """
        if len(into) == self.side:
            self._decode(number, into)
        else:
            whole = np.empty((self.side, self.side, 3), np.uint8)
            self._decode(number, whole)
            area = (0, self.side, 0, self.side)
            ctypes_resize(0, whole.ctypes.data, self.side, self.side, *area, into.ctypes.data, *into.shape[:2])

    def _decode(self, number: int, into: Image) -> None:
        start, length, side = int(self._starts[number]), int(self._lengths[number]), self.side
        if self._raw[number]:
            ctypes.memmove(into.ctypes.data, self._address + start, length)
            return
        crop_and_scale = (side, side, 0, 0, 1, 1, False, False)
        if ctypes_imdecode(self._address + start, length, side, side, into.ctypes.data, *crop_and_scale) != 0:
            raise DataError(f"{self._beton}: sample {number} does not decode; {MEND}")


def _lengths(table: NDArray[np.void], starts: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Bytes of the images that begin at `starts` (N,), from FFCV's table of all allocations."""
    order = np.argsort(table["ptr"])
    places = np.searchsorted(table["ptr"], starts, sorter=order).clip(max=max(len(table) - 1, 0))
    found = table[order[places]] if len(table) else np.zeros(len(starts), dtype=table.dtype)
    # Where a start is not in the table the file is damaged: no length fits.
    return np.where(found["ptr"] == starts, found["size"].astype(np.int64), np.iinfo(np.int64).max // 2)
