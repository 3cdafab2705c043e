"""Work on many photos at once: Pillow decodes, resizes and encodes without Python's lock, so threads are enough."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
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
        yield from ahead(pool, function, items, 4 * num_workers)


def ahead(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], num_ahead: int
) -> Iterator[Result]:
    """`function` of each item, in the items' order, computed by `pool` up to `num_ahead` items ahead of the reader."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > num_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
