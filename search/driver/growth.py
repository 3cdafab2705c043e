"""What a cluster that is scaled by need can grow to.

Its launcher tells the driver by a variable: Ray knows only the nodes that are there, and starts none for trials that
nobody has asked for.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

GROWS_TO = "HUETUNE_CLUSTER_GROWS_TO"


def growth(kinds: Sequence[tuple[int, int, int]]) -> dict[str, str]:
    """The variable that says it; kinds: of nodes, with CPUs, GPUs and how many there can be."""
    return {GROWS_TO: json.dumps([{"CPU": cpu, "GPU": gpu, "count": count} for cpu, gpu, count in kinds])}


def kinds_to_come() -> list[dict[str, float]]:
    """The resources of each kind of node that an autoscaler may start, and their `count`; none if it never does."""
    kinds: Any = json.loads(os.environ.get(GROWS_TO) or "[]")
    return list(kinds)
