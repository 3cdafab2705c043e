"""Write and read FFCV's .beton files: an image and a label for each sample.

FFCV's own writer runs one process per worker and waits for ever when one of them fails, and the order of its pages
differs from run to run. Here one process writes what threads have encoded, with FFCV's header, page allocator and
tables: a failure is an exception, and the same samples give the same bytes.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.ffcv_parts import IMAGE_MODES, MIN_PAGE_SIZE, DatasetWriter, IntField, MemoryAllocator, Reader, RGBImageField
from data.images import Mode, decode


def write_beton(path: Path, samples: Iterable[tuple[bytes, int]], num_samples: int, size: int, mode: Mode) -> None:
    """Write `num_samples` encoded size × size images with their labels to `path`, field "image" then "label"."""
    fields = {"image": RGBImageField(write_mode=mode), "label": IntField()}
    writer = DatasetWriter(str(path), fields, page_size=_page_size(size), num_workers=1)
    writer.num_samples = num_samples
    writer.prepare()
    try:
        metadata = np.zeros(num_samples, dtype=writer.metadata_type)
        allocator = MemoryAllocator(str(path), writer.data_region_start, writer.page_size)
        with allocator:
            for index, (content, label) in enumerate(samples):
                allocator.set_current_sample(index)
                pointer, storage = allocator.malloc(len(content))
                storage[:] = np.frombuffer(content, dtype=np.uint8)
                metadata[index] = ((IMAGE_MODES[mode], size, size, pointer), label)
        writer.metadata_sm.buf[: metadata.nbytes] = metadata.tobytes()
        writer.finalize(allocator.allocations)
    finally:
        writer.metadata_sm.close()
        writer.metadata_sm.unlink()


def read_samples(path: Path) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Each sample's image (H,W,3) and label, in file order, decoded by Pillow, independently of FFCV's decoder.

    Raises:
        DataError: a sample does not decode.
    """
    reader = Reader(str(path))
    sizes = dict(zip(reader.alloc_table["ptr"].tolist(), reader.alloc_table["size"].tolist(), strict=True))
    file = np.memmap(path, dtype=np.uint8, mode="r")
    for index, ((mode, width, height, pointer), label) in enumerate(reader.metadata.tolist()):
        content = file[pointer : pointer + sizes[pointer]]
        if mode == IMAGE_MODES["raw"]:
            yield np.array(content).reshape(height, width, 3), label
            continue
        try:
            yield np.asarray(decode(content.tobytes(), max(width, height))), label
        except DataError as error:
            raise DataError(f"{path}: sample {index} is {error}; build again") from None


def _page_size(size: int) -> int:
    """Bytes: a power of two in which even an incompressible JPEG of the size fits."""
    page_size: int = MIN_PAGE_SIZE
    while page_size < 4 * size * size:
        page_size *= 2
    return page_size
