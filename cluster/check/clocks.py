"""How far the nodes' clocks are from the driver's."""

import time
from collections.abc import Iterable

from search.preflight.finding import Finding
from search.preflight.nodes import NoAnswer, Node, ask

LIMIT_S = 5.0
"""Who holds a sweep is decided by times that the file server writes, so no clock can break that (driver/lock.py). But
a trial's start is written by its node and its end by the driver: times in records and reports are as wrong as those."""
NUM_PINGS = 3
TIMEOUT_S = 60.0


def clock_findings(nodes: Iterable[Node]) -> dict[Node, Finding]:
    """A finding for each node, by the fastest of some answers, of whose time the way back is taken to be half."""
    nodes = list(nodes)
    best: dict[Node, tuple[float, float]] = {}
    missing: dict[Node, Finding] = {}
    for _ in range(NUM_PINGS):
        asked = time.time()
        for node, answer in ask(dict.fromkeys(nodes, ()), _now, TIMEOUT_S):
            answered = time.time()
            if isinstance(answer, NoAnswer):
                missing[node] = answer.finding
                continue
            trip = answered - asked
            best[node] = min(best.get(node, (trip, 0.0)), (trip, answer - (asked + answered) / 2))
    return {node: missing.get(node) or offset_finding(*best[node]) for node in nodes}


def _now() -> float:
    """On a node."""
    return time.time()


def offset_finding(trip_s: float, offset_s: float) -> Finding:
    """What is said of a clock. trip_s: between asking and hearing the answer, so half of it may be wrong."""
    far = abs(offset_s) - trip_s / 2 > LIMIT_S
    fault = "let NTP set it, or times in records and reports are wrong" if far else ""
    side = "ahead of" if offset_s > 0 else "behind"
    within = f"within {LIMIT_S:g} s of the driver's"
    return Finding("clock", f"{abs(offset_s):.0f} s {side} the driver's" if far else within, fault)
