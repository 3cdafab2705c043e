"""Whether the head of the cluster is still there while a sweep runs.

Without it nothing can start or end. Ray itself (2.60) waits for 60 s, and then ends the process with lines of its own.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from search.driver.head import CONNECT_TIMEOUT_S, answers

ASK_EVERY_S = 5.0
PATIENCE_S = 50.0
"""Less than Ray's own, so that ours is the last word, and as long as can be: a head can come back."""


class HeadWatch(threading.Thread):
    """Asks the head at `address` every few seconds; one that has been silent for too long is told to `lost`, once."""

    def __init__(
        self,
        address: str,
        lost: Callable[[str], object],
        ask_every_s: float = ASK_EVERY_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        super().__init__(name="head-watch", daemon=True)
        self._address, self._lost = address, lost
        self._ask_every_s, self._patience_s = ask_every_s, patience_s
        self._over = threading.Event()

    def run(self) -> None:
        heard = time.monotonic()
        while not self._over.wait(self._ask_every_s):
            if answers(self._address, min(self._patience_s, CONNECT_TIMEOUT_S)):
                heard = time.monotonic()
            elif time.monotonic() - heard > self._patience_s and not self._over.is_set():
                self._lost(
                    f"the Ray head at {self._address!r} has not answered for {self._patience_s:.0f} s; start the "
                    "cluster again, and then go on with `huetune sweep resume`"
                )
                return

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def head_watched(address: str, lost: Callable[[str], object]) -> Iterator[None]:
    """Inside, the head at host:port is watched."""
    watch = HeadWatch(address, lost)
    watch.start()
    try:
        yield
    finally:
        watch.end()


def give_up(reason: str) -> NoReturn:
    """End this process at once, as Ray would: what its calls to the cluster wait for will not come.

    All that has happened is recorded, and a sweep goes on from its records.
    """
    print(f"huetune: {reason}", file=sys.stderr, flush=True)
    os._exit(1)
