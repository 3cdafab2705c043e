"""Write and read FFCV's .beton files: an image and a label for each sample.

FFCV's own writer runs one process per worker and waits for ever when one of them fails, orders its pages otherwise in
each run, and does not notice when the disk is full. Here one process writes what threads have encoded, in FFCV's
layout: a failure is an exception, and the same samples give the same bytes.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.ffcv_parts import (
    ALLOC_TABLE_TYPE,
    CURRENT_VERSION,
    IMAGE_MODES,
    MIN_PAGE_SIZE,
    TYPE_ID_HANDLER,
    FieldDescType,
    HeaderType,
    IntField,
    Reader,
    RGBImageField,
    get_metadata_type,
)
from data.images import Mode, decode
from data.parallel import in_order

_FIELDS = {"image": RGBImageField, "label": IntField}


def write_beton(path: Path, samples: Iterable[tuple[bytes, int]], num_samples: int, size: int, mode: Mode) -> None:
    """Write `num_samples` encoded size × size images with their labels to `path`.

    The file: header, fields, a table of samples, pages with the images, and a table of where each one lies. No image
    lies across two pages.

    Raises:
        OSError: the file cannot be written whole.
    """
    page_size = _page_size(size)
    fields = _described_fields()
    table = np.zeros(num_samples, dtype=get_metadata_type([field() for field in _FIELDS.values()]))
    places = np.zeros(num_samples, dtype=ALLOC_TABLE_TYPE)
    end = _next_page(HeaderType.itemsize + fields.nbytes + table.nbytes, page_size)
    with path.open("wb") as file:
        for number, (content, label) in enumerate(samples):
            assert len(content) <= page_size
            page_end = _next_page(end, page_size)
            start = page_end if end + len(content) > page_end else end
            file.seek(start)
            file.write(content)
            end = start + len(content)
            table[number] = ((IMAGE_MODES[mode], size, size, start), label)
            places[number] = (number, start, len(content))
        places_start = _next_page(end, page_size)
        file.seek(places_start)
        file.write(places.tobytes())
        file.seek(0)
        header = (CURRENT_VERSION, len(fields), page_size, num_samples, places_start)
        file.write(np.array(header, dtype=HeaderType).tobytes() + fields.tobytes() + table.tobytes())


def read_samples(path: Path, num_workers: int = 1) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Each sample's image (H,W,3) and label, in file order, decoded by Pillow, independently of FFCV's decoder.

    Raises:
        DataError: a sample does not decode.
    """
    reader = Reader(str(path))
    sizes = dict(zip(reader.alloc_table["ptr"].tolist(), reader.alloc_table["size"].tolist(), strict=True))
    file = np.memmap(path, dtype=np.uint8, mode="r")

    def read(index: int) -> tuple[NDArray[np.uint8], int]:
        (mode, width, height, pointer), label = reader.metadata[index].item()
        content = file[pointer : pointer + sizes[pointer]]
        if mode == IMAGE_MODES["raw"]:
            return np.array(content).reshape(height, width, 3), label
        try:
            return np.asarray(decode(content.tobytes(), max(width, height))), label
        except DataError as error:
            raise DataError(f"{path}: sample {index} is {error}; build again") from None

    yield from in_order(read, range(reader.num_samples), num_workers)


def _described_fields() -> NDArray[np.void]:
    """What FFCV is told of the fields of a sample."""
    type_ids = {field: type_id for type_id, field in TYPE_ID_HANDLER.items()}
    described = np.zeros(len(_FIELDS), dtype=FieldDescType)
    for number, (name, field) in enumerate(_FIELDS.items()):
        described[number]["type_id"] = type_ids[field]
        described[number]["name"][: len(name)] = np.frombuffer(name.encode(), dtype=np.uint8)
        described[number]["arguments"][:] = field().to_binary()[0]
    return described


def _next_page(offset: int, page_size: int) -> int:
    """Where the first page begins that starts at or after an offset."""
    return -(-offset // page_size) * page_size


def _page_size(size: int) -> int:
    """Bytes: a power of two in which any JPEG of the size fits; black and white noise takes 4.8 for each pixel."""
    page_size: int = MIN_PAGE_SIZE
    while page_size < 8 * size * size:
        page_size *= 2
    return page_size
