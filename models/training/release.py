"""What a trial leaves behind in a process that has more trials to run."""

import atexit
import functools
import gc
import linecache
import sys

import torch
from torch.fx import graph_module

MAX_KEPT_GRAPHS = 48
"""Of all functions together. A trial with a U-Net compiles 9; at MAX_GRAPHS of one function torch would give up."""


def release_memory() -> None:
    """Give back the memory of networks that nobody refers to any more.

    Their compiled code stays for the trials with equal networks that come, until there is too much of it. A traced
    encoder refers to itself, and Python's collector counts objects, not the gigabytes behind them.
    """
    if num_compiled_graphs() > MAX_KEPT_GRAPHS:
        _forget_compiled()
    _forget_traced_source()
    gc.collect()
    _spare_what_stays()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def num_compiled_graphs() -> int:
    """Graphs that this process has compiled since it last forgot them, of all functions together."""
    if "torch._dynamo" not in sys.modules:
        return 0
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])


def _forget_compiled() -> None:
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    gc.unfreeze()
    _spare_what_stays.cache_clear()


def _forget_traced_source() -> None:
    """torch.fx keeps the text of all that it has ever traced: 40 KB a ResNet-18, 600 KB a DenseNet-121."""
    graph_module._loader.eval_cache.clear()
    linecache.clearcache()


@functools.cache  # once: asking whether it has been done takes as long as collecting
def _spare_what_stays() -> None:
    """Let the collector look no more at what outlives a first trial, imports above all: that took 0.3 s every time."""
    gc.freeze()
    atexit.register(gc.unfreeze)
