"""What the gradients of a tensor pass through."""

from collections import deque
from collections.abc import Iterable

from torch import Tensor
from torch.autograd.graph import Node

Edge = tuple[Node, int]
"""A node of the graph and the number of its output: one tensor."""


def reached(tensors: Iterable[Tensor]) -> dict[Edge, None]:
    """Every edge below the tensors, themselves included, in an order that depends on the graph alone."""
    edges: dict[Edge, None] = {(t.grad_fn, t.output_nr): None for t in tensors if t.grad_fn is not None}
    seen = dict.fromkeys(node for node, _ in edges)
    queue = deque(seen)
    while queue:
        for node, output in queue.popleft().next_functions:
            if node is None:
                continue
            edges[node, output] = None
            if node not in seen:
                seen[node] = None
                queue.append(node)
    return edges


def leaves(tensors: Iterable[Tensor]) -> list[Tensor]:
    """The parameters that the tensors were computed from, as far as they are trained."""
    accumulators = dict.fromkeys(node for node, _ in reached(tensors))
    return [node.variable for node in accumulators if hasattr(node, "variable")]


def deepest_shared(features: Iterable[Tensor], totals: Iterable[Tensor]) -> Tensor | None:
    """The last of the feature maps that the gradients of every total pass through, if there is one."""
    shared = None
    below = [reached([total]) for total in totals]
    for feature in features:
        if feature.grad_fn is not None and all((feature.grad_fn, feature.output_nr) in edges for edges in below):
            shared = feature
    return shared
