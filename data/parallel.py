"""Work on many photos at once: Pillow decodes, resizes and encodes without Python's lock, so threads are enough."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Track(Protocol):
    """Shows how far an iteration has come."""

    def __call__(self, items: Iterable[Item], description: str, total: int) -> Iterable[Item]: ...


def untracked(items: Iterable[Item], description: str, total: int) -> Iterable[Item]:
    """A Track that shows nothing."""
    return items


def in_order(function: Callable[[Item], Result], items: Iterable[Item], num_workers: int) -> Iterator[Result]:
    """`function` of each item, in the items' order, computed in threads at most a few items ahead of the reader."""
    with ThreadPoolExecutor(num_workers) as pool:
        ahead: deque[Future[Result]] = deque()
        try:
            for item in items:
                ahead.append(pool.submit(function, item))
                if len(ahead) > 4 * num_workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
