"""The parts of FFCV that we use, imported without what `import ffcv` does besides.

It sets torch to one CPU thread, and it compiles a typed dictionary, for two seconds, to hold two numbers that its code
only reads before compiling: a plain one does.
"""

import numba.typed
import torch

_num_threads, _typed_dictionary = torch.get_num_threads(), numba.typed.Dict
numba.typed.Dict = dict
try:
    from ffcv.fields import IntField, RGBImageField
    from ffcv.fields.rgb_image import IMAGE_MODES
    from ffcv.libffcv import ctypes_imdecode, ctypes_resize
    from ffcv.reader import Reader
    from ffcv.types import (
        ALLOC_TABLE_TYPE,
        CURRENT_VERSION,
        TYPE_ID_HANDLER,
        FieldDescType,
        HeaderType,
        get_metadata_type,
    )
    from ffcv.writer import MIN_PAGE_SIZE
finally:
    numba.typed.Dict = _typed_dictionary
    torch.set_num_threads(_num_threads)

__all__ = [
    "ALLOC_TABLE_TYPE",
    "CURRENT_VERSION",
    "IMAGE_MODES",
    "MIN_PAGE_SIZE",
    "TYPE_ID_HANDLER",
    "FieldDescType",
    "HeaderType",
    "IntField",
    "RGBImageField",
    "Reader",
    "ctypes_imdecode",
    "ctypes_resize",
    "get_metadata_type",
]
