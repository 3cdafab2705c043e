"""Files brought to all nodes of a cluster at once.

Nodes that see the files, by their path or in a store, read them themselves, all at the same time. What only the
driver's node has goes from node to node: whoever has all of it hands it on, so that their number doubles with each
round, and the network of no node carries more than COPIES_AT_ONCE copies at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cluster.stage.agent import Agent, Staged
from data.errors import HuetuneError
from data.staged.parcel import Parcel
from search.preflight.nodes import Node
from search.staging.peers import READERS_AT_ONCE

COPIES_AT_ONCE = 2
MAX_TRIES = 3
ASK_S = 60.0
POLL_S = 0.5
Show = Callable[[int, int, int], None]
"""Is told of bytes copied, bytes to copy and nodes done."""


@dataclass
class _Round:
    """How far the nodes have come."""

    agents: dict[Node, Any]
    alone: list[Node]
    """That need nobody."""
    waiting: list[Node]
    """That need another node's copy."""
    holders: dict[Node, int]
    """Nodes that can hand on, with how many copy from them now."""
    running: dict[Any, tuple[Node, Node | None]] = field(default_factory=dict)
    """By Ray's reference to the answer: who copies, from whom."""
    tries: dict[Node, int] = field(default_factory=dict)
    done: dict[Node, Staged] = field(default_factory=dict)


def spread(parcels: Sequence[Parcel], store: str | None, nodes: Sequence[Node], show: Show) -> dict[Node, Staged]:
    """Bring parcels to nodes; what came of it on each.

    store: address of a folder that may hold the files, read by nodes that do not see the files' own paths.
    """
    agents = {node: _agent(node, parcels, store) for node in nodes}
    asked = {node: agent.missing_bytes.remote() for node, agent in agents.items()}
    done: dict[Node, Staged] = {}
    missing: dict[Node, tuple[int, bool]] = {}
    for node, answer in asked.items():
        try:
            missing[node] = ray.get(answer, timeout=ASK_S)
        except ray.exceptions.RayError as error:
            done[node] = Staged(fault=_reason(error))
    own = ray.get_runtime_context().get_node_id()
    state = _Round(
        agents,
        alone=[node for node, (_, needs_peer) in missing.items() if not needs_peer],
        waiting=[node for node, (_, needs_peer) in missing.items() if needs_peer],
        holders={node: 0 for node in missing if node.id == own},
        done=done,
    )
    total = sum(num_bytes for num_bytes, _ in missing.values())
    for _ in _finished(state):
        show(_copied(state), total, len(state.done))
    return state.done


def _agent(node: Node, parcels: Sequence[Parcel], store: str | None) -> Any:
    here = NodeAffinitySchedulingStrategy(node.id, soft=False)
    concurrency = COPIES_AT_ONCE * READERS_AT_ONCE + 2  # readers, its own copying, and the question how far it is
    remote = ray.remote(Agent).options(num_cpus=0, scheduling_strategy=here, max_concurrency=concurrency)
    return remote.remote(parcels, store)


def _finished(state: _Round) -> Iterator[None]:
    """Comes back every now and then, until all nodes are done."""
    while True:
        _start(state)
        if not state.running:
            break
        answered, _ = ray.wait([*state.running], num_returns=1, timeout=POLL_S)
        for answer in answered:
            _hear(state, answer)
        yield
    for node in state.waiting:  # nobody is left to copy from
        state.done[node] = Staged(fault="sees no path to the files, and no other node could hand them on")


def _start(state: _Round) -> None:
    """Let as many nodes begin as can."""
    for node in state.alone:
        state.running[state.agents[node].bring.remote(None, "")] = (node, None)
    state.alone = []
    while state.waiting and (free := [node for node, count in state.holders.items() if count < COPIES_AT_ONCE]):
        holder, node = min(free, key=state.holders.__getitem__), state.waiting.pop(0)
        state.holders[holder] += 1
        state.tries[node] = state.tries.get(node, 0) + 1
        state.running[state.agents[node].bring.remote(state.agents[holder], holder.name)] = (node, holder)


def _hear(state: _Round, answer: Any) -> None:
    node, holder = state.running.pop(answer)
    try:
        staged: Staged = ray.get(answer)
    except ray.exceptions.RayError as error:
        staged = Staged(fault=_reason(error))
    if holder in state.holders:
        state.holders[holder] -= 1
    if staged.source_lost and state.tries[node] < MAX_TRIES:
        if holder is not None and len(state.holders) > 1:
            state.holders.pop(holder, None)
        state.waiting.append(node)
        return
    state.done[node] = staged
    if not staged.fault:
        state.holders.setdefault(node, 0)


def _copied(state: _Round) -> int:
    """Bytes, as far as the nodes say."""
    asked = [agent.bytes_copied.remote() for node, agent in state.agents.items() if node in _busy(state)]
    answered, _ = ray.wait(asked, num_returns=len(asked), timeout=POLL_S) if asked else ([], [])
    now = 0
    for answer in answered:
        try:
            now += ray.get(answer)
        except ray.exceptions.RayError:
            continue  # its own answer will say so
    return now + sum(staged.bytes_copied for staged in state.done.values())


def _busy(state: _Round) -> set[Node]:
    return {node for node, _ in state.running.values()}


def _reason(error: Exception) -> str:
    if isinstance(cause := getattr(error, "cause", None), HuetuneError):
        return str(cause)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'no answer'}; look at the node and at Ray's logs there"
