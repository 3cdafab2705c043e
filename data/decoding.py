"""FFCV's decoding thread, made safe to break off: the images of a .beton in any order, batch by batch."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import DataError
from data.ffcv_parts import EpochIterator, IntDecoder, Loader, SimpleRGBImageDecoder

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

_POLL_S = 1.0


class Decoder:
    """An open .beton. Its decoder is compiled once (under a second) and serves every epoch."""

    def __init__(self, beton: Path, batch_size: int, num_workers: int) -> None:
        self._beton = beton
        self._running: EpochIterator | None = None
        num_threads = torch.get_num_threads()
        self._ffcv = Loader(
            str(beton),
            batch_size=batch_size,
            num_workers=num_workers,
            os_cache=True,
            drop_last=False,
            pipelines={"image": [SimpleRGBImageDecoder()], "label": [IntDecoder()]},
        )
        torch.set_num_threads(num_threads)  # FFCV sets torch's threads to its own

    def batches(self, order: NDArray[np.uint64]) -> Iterator[tuple[Images, Labels]]:
        """Images (B,H,W,3) and labels (B,) of the samples `order`, the last batch as long as what is left.

        Both are views into FFCV's ring of buffers: copy them before the next batch. Beginning here ends an earlier
        iteration that was left without being closed (an exception's traceback can keep one alive).

        Raises:
            DataError: the decoding thread died.
        """
        self.stop()
        num_threads = torch.get_num_threads()
        # FFCV's own iterator would choose the order: seed + epoch, in which seed 0 repeats what seed 1 sees.
        running = self._running = EpochIterator(self._ffcv, order)
        try:
            while (decoded := self._next(running)) is not None:
                torch.set_num_threads(num_threads)
                images, labels = decoded
                yield images, labels[:, 0]
        finally:
            if self._running is running:
                self.stop()

    def stop(self) -> None:
        """End the running iteration, if any, and its thread, within the batch that is being decoded."""
        running, self._running = self._running, None
        if running is None:
            return
        running.close()
        # FFCV's thread looks at its stop signal only while its queue is full, and waits for ever to put the end mark
        # into a full queue: leave it nothing to decode, and empty the queue until it is gone.
        running.iter_ixes = iter(())
        while running.is_alive():
            with suppress(Empty):
                running.output_queue.get(timeout=0.01)

    def _next(self, running: EpochIterator) -> tuple[Images, Labels] | None:
        """What FFCV's `__next__` returns, which waits for ever when the decoding thread is dead."""
        while True:
            if running.terminate_event.is_set():
                raise RuntimeError("this iteration ended when another one of the same loader began, or it was closed")
            try:
                item = running.output_queue.get(timeout=_POLL_S)
            except Empty:
                if not running.is_alive() and running.output_queue.empty():
                    raise DataError(
                        f"decoding {self._beton} broke off; run `huetune data check {self._beton}` to find out why"
                    ) from None
            else:
                return None if item is None else item[1]
