"""What a trial leaves behind in a process that has more trials to run."""

import gc
import sys

import torch


def release_memory() -> None:
    """Give back the memory of networks that nobody refers to any more, and their compiled code.

    A traced encoder refers to itself, and Python's collector counts objects, not the gigabytes behind them.
    """
    if "torch._dynamo" in sys.modules:
        torch.compiler.reset()
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
