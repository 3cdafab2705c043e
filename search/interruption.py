"""The end of a process that somebody wishes: Ctrl-C, a scheduler, or a terminal that is closed."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """No error of the work's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, such a signal raises Interrupted."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    with _handled_by(interrupt):
        yield


@contextmanager
def told_of_interruption(tell: Callable[[Interrupted], None]) -> Iterator[None]:
    """Inside, the first such signal is passed on, for the work to end by itself; the second raises Interrupted."""
    told = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:
            raise Interrupted(number)
        told = True
        tell(Interrupted(number))

    with _handled_by(interrupt):
        yield


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # Python lets no other one set handlers
        yield
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
