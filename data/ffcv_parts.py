"""The parts of FFCV that we use, imported without its side effect: `import ffcv` sets torch to one CPU thread."""

import torch

_num_threads = torch.get_num_threads()

from ffcv.fields import IntField, RGBImageField  # noqa: E402
from ffcv.fields.decoders import IntDecoder, SimpleRGBImageDecoder  # noqa: E402
from ffcv.fields.rgb_image import IMAGE_MODES  # noqa: E402
from ffcv.loader import Loader  # noqa: E402
from ffcv.loader.epoch_iterator import EpochIterator  # noqa: E402
from ffcv.memory_allocator import MemoryAllocator  # noqa: E402
from ffcv.reader import Reader  # noqa: E402
from ffcv.writer import MIN_PAGE_SIZE, DatasetWriter  # noqa: E402

torch.set_num_threads(_num_threads)

__all__ = [
    "IMAGE_MODES",
    "MIN_PAGE_SIZE",
    "DatasetWriter",
    "EpochIterator",
    "IntDecoder",
    "IntField",
    "Loader",
    "MemoryAllocator",
    "RGBImageField",
    "Reader",
    "SimpleRGBImageDecoder",
]
