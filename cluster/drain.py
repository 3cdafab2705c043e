"""A node that is to go takes no new trial, and lets those that it has train on until it must."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ray._raylet import GcsClient  # type: ignore[attr-defined]
from ray.core.generated.autoscaler_pb2 import DRAIN_NODE_REASON_PREEMPTION  # type: ignore[attr-defined]

from search.driver.head import find_head, nodes_here
from search.errors import SweepError

ASK_EVERY_S = 1.0


def drain_this_node(address: str, seconds: float, is_busy: Callable[[], bool]) -> None:
    """Tell the head at `address` that this machine's node goes in so many seconds, and wait while it is busy.

    Raises:
        SweepError: there is no such cluster, several nodes of it are here, or its head will not hear of it.
    """
    head = find_head(address)
    nodes = nodes_here(head)
    if len(nodes) != 1:
        raise SweepError(
            f"{len(nodes)} nodes of the cluster at {head!r} run on this machine: which is to go is not clear"
        )
    until = time.time() + seconds
    client = GcsClient(address=head)
    accepted, reason = client.drain_node(
        nodes.pop(), DRAIN_NODE_REASON_PREEMPTION, "the machine is to be taken away", int(until * 1000)
    )
    if not accepted:
        raise SweepError(f"the head at {head!r} keeps the node in use: {reason}")
    while time.time() < until and is_busy():
        time.sleep(ASK_EVERY_S)


def trains() -> bool:
    """Whether a trial trains on this machine: Ray names a process after what runs in it, for trials always this."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            if (process / "cmdline").read_bytes().startswith(b"ray::ImplicitFunc"):
                return True
    return False
