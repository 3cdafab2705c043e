"""Ask every node of a cluster, each by a task that runs there and nowhere else."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from search.preflight.finding import Finding


@dataclass(frozen=True)
class Node:
    """A living node of the cluster."""

    id: str
    name: str
    """For people: no two nodes have the same."""
    resources: Mapping[str, float] = field(compare=False)
    """All that it has, free or not."""
    ray_folder: Path = field(compare=False)
    """Where Ray keeps its logs there, and objects that memory does not hold."""


@dataclass(frozen=True)
class NoAnswer:
    """Why a node has not answered."""

    finding: Finding
    late: bool = False
    """It may still come."""


def living_nodes() -> list[Node]:
    """The nodes that Ray takes to be alive, by name."""
    nodes = [node for node in ray.nodes() if node["Alive"]]
    names = [_name(node) for node in nodes]
    several = {name for name, count in Counter(names).items() if count > 1}  # on one machine, as in a try-out
    found = []
    for node, name in zip(nodes, names, strict=True):
        unique = f"{name} {node['NodeID'][:8]}" if name in several else name
        # <the session's folder>/sockets/plasma_store
        found.append(Node(node["NodeID"], unique, node["Resources"], Path(node["ObjectStoreSocketName"]).parents[1]))
    return sorted(found, key=lambda node: node.name)


def _name(node: Mapping[str, Any]) -> str:
    """The name that it was given, or else the machine's, and the address."""
    address = node["NodeManagerAddress"]
    given = node["NodeName"] if node["NodeName"] != address else node["NodeManagerHostname"]
    return f"{given} ({address})"


def ask(
    questions: Mapping[Node, tuple[Any, ...]],
    task: Callable[..., Any],
    timeout_s: float,
    cpu: float = 0,
    gpu: float = 0,
    own_process: bool = False,
) -> Iterator[tuple[Node, Any]]:
    """The answer of `task` on each node to the arguments for that node, as they come; a NoAnswer where none does.

    All are asked at once. cpu, gpu: what the task is lent; without any it needs no room, and sees all GPUs.
    own_process: of a worker that does nothing else afterwards, and gives its memory back.
    """
    options: dict[str, Any] = {"num_cpus": cpu, "num_gpus": gpu, "max_retries": 0}
    remote = ray.remote(**options | ({"max_calls": 1} if own_process else {}))(task)
    waiting = {
        remote.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(*given): node
        for node, given in questions.items()
    }
    end = time.monotonic() + timeout_s
    while waiting:
        answered, _ = ray.wait([*waiting], num_returns=1, timeout=max(0.0, end - time.monotonic()))
        if not answered:
            break
        for answer in answered:
            yield waiting.pop(answer), _answer_of(answer)
    for answer, node in waiting.items():
        ray.cancel(answer, force=True)
        finding = Finding("answer", f"none within {timeout_s:g} s", "look at the node, or start it anew")
        yield node, NoAnswer(finding, late=True)


def _answer_of(answer: Any) -> Any:
    try:
        return ray.get(answer)
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).strip().splitlines() if line.strip()]
        return NoAnswer(Finding("answer", lines[-1].strip() if lines else type(error).__name__, _mend(error)))


def _mend(error: Exception) -> str:
    if isinstance(getattr(error, "cause", None), ImportError):
        return "complete the node's environment: cluster/setup.sh"
    return "look at the node and at Ray's logs there"
