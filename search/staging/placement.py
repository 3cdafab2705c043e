"""Trials prefer the nodes that hold the sweep's photos, where these have room for all that may run at once."""

from collections import Counter
from collections.abc import Iterable, Mapping

from ray import tune

from data.staged.place import own_stage
from search.driver.connection import trials_at_once
from search.preflight.nodes import Node, ask, living_nodes
from search.spec.sections import ResourcesSection

ANSWER_S = 60.0
"""A node that has not answered by then is taken to hold nothing."""


class Holders:
    """The nodes that hold the photos, and how many of the trials sent to them run.

    Asked once: workers of Ray Tune stay for the next trial only where that asks for the same place, so nodes that get
    copies later must not change what trials ask for.
    """

    def __init__(self, rooms: Mapping[str, int]) -> None:
        """rooms: trials at once, by the node's id."""
        self._rooms, self._sent = dict(rooms), Counter[str]()

    def take(self) -> str:
        """The node that a new trial is sent to; empty: none in particular."""
        node = next((node for node, room in self._rooms.items() if self._sent[node] < room), "")
        self._sent[node] += 1
        return node

    def give_back(self, node: str) -> None:
        self._sent[node] -= 1


def holders(hashes: Iterable[str], resources: ResourcesSection, num_left: int) -> Holders:
    """The nodes of this cluster with copies of all these photos; none where all nodes have a trial to run anyway.

    hashes: SHA-256 of the .beton files; num_left: trials that are to be run yet, as far as is known.
    """
    rooms = {node: trials_at_once(dict(node.resources), resources.cpu, resources.num_gpus) for node in living_nodes()}
    rooms = {node: room for node, room in rooms.items() if room}
    if len(rooms) < 2 or min(num_left, resources.concurrent or num_left) >= sum(rooms.values()):
        return Holders({})
    with_all = _asked(rooms, tuple(hashes))
    return Holders({node.id: rooms[node] for node in with_all} if len(with_all) < len(rooms) else {})


def place(resources: Mapping[str, float], node: str) -> tune.PlacementGroupFactory:
    """What a trial asks for: a node, if it is free, or else any other."""
    bundle = [{"CPU": resources["cpu"], "GPU": resources["gpu"]}]
    if not node:
        return tune.PlacementGroupFactory(bundle)
    # Private to Ray (2.60), where it is for Ray's own libraries; without it labels would be needed, which nodes are
    # given when they start.
    return tune.PlacementGroupFactory(bundle, strategy="STRICT_PACK", _soft_target_node_id=node)


def _asked(nodes: Iterable[Node], hashes: tuple[str, ...]) -> list[Node]:
    return [node for node, holds in ask(dict.fromkeys(nodes, (hashes,)), holds_all, ANSWER_S) if holds is True]


def holds_all(hashes: Iterable[str]) -> bool:
    """Whether this node has copies of these files."""
    stage = own_stage()
    return stage is not None and all(stage.entry(sha256) is not None for sha256 in hashes)
