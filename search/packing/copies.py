"""Copies of a trial side by side on this node's device, each its own process, as trials are."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from models.config.trial import TrialConfig
from search.errors import SweepError
from search.packing.choose import share_of
from search.packing.one_copy import Failed, Ready, train_copy
from search.record_kinds import PackingLevel

TIMEOUT_S = 300.0
"""For each thing that all copies are to have done: importing, compiling and a first step take most of it."""


class CopyError(SweepError):
    """A copy cannot be trained."""


class NoRoomForCopyError(CopyError):
    """The device has not enough memory for it."""


@dataclass(frozen=True)
class _Copy:
    process: SpawnProcess
    pipe: Connection


def alone(config: TrialConfig, cpu: int, *, on_gpu: bool) -> Ready:
    """What one trial takes that has the device for itself.

    Raises:
        CopyError: it cannot be trained.
    """
    with _started(1, config, cpu, float(on_gpu), 0.0) as copies:
        ready: Ready = _heard(copies, Ready)[0]
        return ready


def side_by_side(count: int, config: TrialConfig, cpu: int, window_s: float, *, on_gpu: bool) -> PackingLevel | None:
    """What so many do together, all timed over the same seconds; None if they do not fit.

    Raises:
        CopyError: they cannot be trained.
    """
    gpu = share_of(count) if on_gpu else 0.0
    try:
        with _started(count, config, cpu, gpu, window_s) as copies:
            peak_bytes = max(ready.peak_bytes for ready in _heard(copies, Ready))
            _heard(copies, str)
            for copy in copies:
                copy.pipe.send("go")
            return PackingLevel(copies=count, steps_per_s=tuple(_heard(copies, float)), peak_bytes=peak_bytes)
    except NoRoomForCopyError:
        if count == 1:
            raise
        return None


@contextmanager
def _started(count: int, *arguments: Any) -> Iterator[list[_Copy]]:
    """Copies that run; none is left when the block ends."""
    spawn = multiprocessing.get_context("spawn")  # CUDA does not outlive a fork
    copies = []
    try:
        for _ in range(count):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=train_copy, args=(theirs, *arguments), daemon=True)
            process.start()
            theirs.close()  # so that its death closes the pipe
            copies.append(_Copy(process, ours))
        yield copies
    finally:
        for copy in copies:
            copy.process.kill()
            copy.process.join()
            copy.pipe.close()


def _heard(copies: list[_Copy], kind: type[Any]) -> list[Any]:
    """The next message of each, all of the same kind."""
    until = time.monotonic() + TIMEOUT_S
    return [_message(copy, kind, until) for copy in copies]


def _message(copy: _Copy, kind: type[Any], until: float) -> Any:
    if not copy.pipe.poll(max(0.0, until - time.monotonic())):
        raise CopyError(f"of the copies side by side one says nothing for {TIMEOUT_S:g} s")
    try:
        message = copy.pipe.recv()
    except (EOFError, ConnectionResetError):
        copy.process.join()
        if copy.process.exitcode == -9:  # as the kernel does to who takes the last of the memory
            raise NoRoomForCopyError("a copy was killed, as for want of memory") from None
        raise CopyError(f"a copy ended with exit status {copy.process.exitcode}; its trace is above") from None
    if isinstance(message, Failed):
        raise (NoRoomForCopyError if message.no_memory else CopyError)(message.reason)
    assert isinstance(message, kind)
    return message
