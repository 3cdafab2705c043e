"""Order among points with several objectives: non-dominated fronts, the spread inside a front, and hypervolume."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

GROWTH = 1e-3
"""Relative growth of the hypervolume below which it counts as none."""
MARGIN = 0.01
"""How far beyond the worst value seen the reference point lies, as a part of the span of all values seen."""


def minimised(values: Sequence[Mapping[str, float]], objectives: Mapping[str, str]) -> Points:
    """(n, m) array of `values` in which smaller is better; a missing or non-finite value is +inf, the worst."""
    signs = [-1.0 if direction == "max" else 1.0 for direction in objectives.values()]
    rows = [[sign * value.get(name, np.nan) for name, sign in zip(objectives, signs, strict=True)] for value in values]
    points = np.array(rows, dtype=np.float64).reshape(len(values), len(objectives))
    return np.where(np.isfinite(points), points, np.inf)


def pareto_ranks(points: Points) -> NDArray[np.int64]:
    """(n,) front of each of the (n, m) minimised `points`: 0 for the Pareto front, 1 for the next one, and so on."""
    if not len(points):
        return np.zeros(0, dtype=np.int64)
    unique, place = np.unique(points, axis=0, return_inverse=True)  # sorted: nobody is dominated by a later one
    ranks = _staircase_ranks(unique) if unique.shape[1] <= 2 else _peeled_ranks(unique)
    return ranks[place.reshape(-1)]


def _staircase_ranks(points: Points) -> NDArray[np.int64]:
    """Fronts of sorted points with one or two objectives, each in one search among the fronts."""
    lowest: list[float] = []  # of each front in the last objective: what it does not undercut, it dominates
    ranks = np.zeros(len(points), dtype=np.int64)
    for index, value in enumerate(points[:, 1].tolist() if points.shape[1] == 2 else [0.0] * len(points)):
        ranks[index] = front = bisect_right(lowest, value)
        lowest[front : front + 1] = [value]
    return ranks


def _peeled_ranks(points: Points) -> NDArray[np.int64]:
    """Fronts of sorted points with any number of objectives, one after the other."""
    ranks = np.full(len(points), -1, dtype=np.int64)
    front = 0
    while len(rest := np.flatnonzero(ranks < 0)):
        while len(rest):
            first = rest[0]  # the others sort after it, so none of them dominates it
            ranks[first] = front
            rest = rest[(points[rest] < points[first]).any(axis=1)]
        front += 1
    return ranks


def crowding_distances(points: Points) -> Points:
    """(n,) distance of each point of one front to its neighbours, summed over the objectives; the ends are infinite."""
    distances = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        lowest, highest = column[order[[0, -1]]]
        distances[order[[0, -1]]] = np.inf
        if lowest < highest < np.inf:
            distances[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / (highest - lowest)
    return distances


def crowding_order(points: Points) -> list[int]:
    """Indices of the points of one front, the least crowded first (Deb et al. 2002, NSGA-II), ties by index."""
    return [int(index) for index in np.argsort(-crowding_distances(points), kind="stable")]


def epsilon_net_order(points: Points) -> list[int]:
    """Indices of the points of one front: the best in the first objective, then each time the farthest from them all.

    So the first k cover the front, whatever k. Objectives are scaled to the front's span; ties by index.
    Source: Schmucker et al. 2021, "Multi-objective asynchronous successive halving", after Clarkson 2006.
    """
    if not len(points):
        return []
    scaled = np.stack([_scaled(column) for column in points.T], axis=1)  # (n, m)
    order = [int(np.argmin(scaled[:, 0]))]
    nearest = np.full(len(points), np.inf)  # (n,) distance to those named
    while len(order) < len(points):
        nearest = np.minimum(nearest, np.linalg.norm(scaled - scaled[order[-1]], axis=1))
        nearest[order] = -1.0
        order.append(int(np.argmax(nearest)))
    return order


def _scaled(column: Points) -> Points:
    """(n,) from 0 for the best to 1 for the worst finite value; an infinite one lies as far beyond it."""
    finite = column[np.isfinite(column)]
    if not len(finite):
        return np.zeros(len(column))
    span = finite.max() - finite.min()
    return np.where(np.isfinite(column), (column - finite.min()) / (span or 1.0), 2.0)


SPREADS: dict[str, Callable[[Points], list[int]]] = {"crowding": crowding_order, "epsilon-net": epsilon_net_order}
"""Orders of the points of one front, by name."""


def best_first(points: Points, spread: str = "crowding") -> list[int]:
    """Indices of the (n, m) minimised `points`: by front, inside a front as `spread` says."""
    ranks = pareto_ranks(points)
    fronts = np.split(np.argsort(ranks, kind="stable"), np.cumsum(np.bincount(ranks))[:-1])
    order: list[int] = []
    for members in fronts:
        order += (members[SPREADS[spread](points[members])] if len(members) > 1 else members).tolist()
    return order


def hypervolume(points: Points, reference: Points) -> float:
    """Volume between the (n, m) minimised `points` and `reference` (m,), exact, for one to three objectives.

    A point that is not below the reference in every objective adds nothing. Swept along the last objective, in slices.
    """
    points = points[(points < reference).all(axis=1)]
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    depths = np.diff(points[:, -1], append=reference[-1])
    if points.shape[1] == 2:
        return float(depths @ (reference[0] - np.minimum.accumulate(points[:, 0])))
    slices = (hypervolume(points[: number + 1, :-1], reference[:-1]) for number in np.flatnonzero(depths))
    return float(depths[depths > 0] @ np.fromiter(slices, dtype=np.float64))


def stagnated(points: Points, window: int) -> bool:
    """Whether the last `window` of the (n, m) minimised `points`, in their order, added no hypervolume worth a word."""
    if len(points) <= window:
        return False
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return True
    worst, span = finite.max(axis=0), np.ptp(finite, axis=0)
    reference = worst + MARGIN * np.where(span > 0, span, 1.0)
    before, now = (hypervolume(_front(some), reference) for some in (points[:-window], points))
    return now <= before * (1 + GROWTH)


def _front(points: Points) -> Points:
    front: Points = points[pareto_ranks(points) == 0]
    return front
