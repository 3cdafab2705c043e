"""Order among points with several objectives: non-dominated fronts and crowding (Deb et al. 2002, NSGA-II)."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def minimised(values: list[dict[str, float]], objectives: dict[str, str]) -> Points:
    """(n, m) array of `values` in which smaller is better; a missing or non-finite value is +inf, the worst."""
    signs = [-1.0 if direction == "max" else 1.0 for direction in objectives.values()]
    rows = [[sign * value.get(name, np.nan) for name, sign in zip(objectives, signs, strict=True)] for value in values]
    points = np.array(rows, dtype=np.float64).reshape(len(values), len(objectives))
    return np.where(np.isfinite(points), points, np.inf)


def pareto_ranks(points: Points) -> NDArray[np.int64]:
    """(n,) front of each of the (n, m) minimised `points`: 0 for the Pareto front, 1 for the next one, and so on."""
    no_worse = np.all(points[:, None] <= points[None], axis=2)
    better = np.any(points[:, None] < points[None], axis=2)
    dominates = np.logical_and(no_worse, better)  # (n, n): row dominates column
    ranks = np.full(len(points), -1, dtype=np.int64)
    front = 0
    while (left := ranks < 0).any():
        ranks[left & ~dominates[left].any(axis=0)] = front
        front += 1
    return ranks


def crowding_distances(points: Points) -> Points:
    """(n,) distance of each point of one front to its neighbours, summed over the objectives; the ends are infinite."""
    distances = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distances[order[[0, -1]]] = np.inf
        if np.isfinite(span) and span > 0:
            distances[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distances


def best_first(points: Points) -> list[int]:
    """Indices of the (n, m) minimised `points`: by front, inside a front the least crowded first, ties by index."""
    ranks = pareto_ranks(points)
    crowding = np.zeros(len(points))
    for front in range(ranks.max(initial=-1) + 1):
        members = np.flatnonzero(ranks == front)
        crowding[members] = crowding_distances(points[members])
    return sorted(range(len(points)), key=lambda index: (ranks[index], -crowding[index], index))
