"""What an exception says about the trial that it ended."""

import errno
from dataclasses import dataclass

import torch

from data.errors import DataError
from data.staged.errors import NoRoomError
from models.training.collapse import CollapsedError
from models.training.loop import DivergedError
from models.training.step import GpuMemoryError
from search.records import Cause, State

_OUT_OF_MEMORY = "out of GPU memory; lower data.batch_size or model.width, or give more GPU"


@dataclass(frozen=True)
class Outcome:
    """The end of a trial that did not train to its end."""

    state: State
    cause: Cause
    reason: str
    """One line."""


def outcome_of(error: Exception) -> Outcome:
    """Diverged, collapsed and out of memory are the configuration's doing; the rest is a failure."""
    if isinstance(error, DivergedError):
        return Outcome("diverged", "non-finite", str(error))
    if isinstance(error, CollapsedError):
        return Outcome("collapsed", "", str(error))
    if isinstance(error, GpuMemoryError):
        return Outcome("diverged", "gpu-memory", str(error))
    if isinstance(error, torch.OutOfMemoryError):
        return Outcome("diverged", "gpu-memory", _OUT_OF_MEMORY)
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    if isinstance(error, NoRoomError):
        return Outcome("failed", "full-disk", reason)
    if isinstance(error, DataError):
        return Outcome("failed", "damaged-data", reason)
    if isinstance(error, MemoryError):
        return Outcome("failed", "host-memory", reason)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Outcome("failed", "full-disk", reason)
    return Outcome("failed", "bug", reason)
