"""Order among several objectives and hypervolume, against hand-worked points and independent computations."""

import itertools

import numpy as np
import pytest

from search.pareto import (
    SPREADS,
    Points,
    best_first,
    crowding_distances,
    epsilon_net_order,
    hypervolume,
    minimised,
    pareto_ranks,
    stagnated,
)


def test_minimised_turns_maxima_round_and_puts_the_unknown_last():
    values = [{"fid": 3.0, "accuracy": 0.5}, {"fid": float("nan"), "accuracy": 0.9}, {"accuracy": 0.1}]
    points = minimised(values, {"fid": "min", "accuracy": "max"})
    assert points.tolist() == [[3.0, -0.5], [np.inf, -0.9], [np.inf, -0.1]]


def test_ranks_peel_front_after_front():
    points = np.array([[1, 4], [2, 2], [4, 1], [3, 3], [5, 5], [2, 2]], dtype=float)
    assert pareto_ranks(points).tolist() == [0, 0, 0, 1, 2, 0]


def test_no_points_have_no_ranks():
    assert pareto_ranks(np.zeros((0, 2))).tolist() == []
    assert best_first(np.zeros((0, 2))) == []


def test_crowding_is_the_span_between_the_neighbours():
    points = np.array([[0, 10], [1, 6], [4, 4], [10, 0]], dtype=float)
    # second: (4−0)/10 + (10−4)/10; third: (10−1)/10 + (6−0)/10
    assert crowding_distances(points).tolist() == [np.inf, 1.0, 1.5, np.inf]


def test_inside_a_front_the_ends_come_first_then_the_least_crowded():
    points = np.array([[1, 6], [4, 4], [10, 0], [0, 10], [11, 11]], dtype=float)
    assert best_first(points) == [2, 3, 1, 0, 4]


def test_one_objective_is_plain_order():
    assert best_first(np.array([[3.0], [1.0], [2.0]])) == [1, 2, 0]


@pytest.mark.parametrize("num_objectives", [1, 2, 3])
def test_ranks_are_those_of_the_definition(num_objectives: int):
    random = np.random.default_rng(num_objectives)
    for points in (random.random((60, num_objectives)), random.integers(0, 5, (60, num_objectives)).astype(float)):
        points[random.random(points.shape) < 0.05] = np.inf
        ranks = pareto_ranks(points).tolist()
        dominators = [
            [j for j, other in enumerate(points) if (other <= point).all() and (other < point).any()]
            for point in points
        ]
        # The front of a point is one behind the last of those that dominate it.
        assert ranks == [1 + max((ranks[j] for j in better), default=-1) for better in dominators]


def test_epsilon_net_starts_at_the_best_first_objective_and_goes_each_time_to_the_farthest():
    points = np.array([[10, 0], [1, 6], [0, 10], [4, 4], [5, 3]], dtype=float)
    # Scaled: (1,0) (.1,.6) (0,1) (.4,.4) (.5,.3). From (0,1) the farthest is (1,0). Then the nearer of both is
    # √.17 away for the second, √.52 for the fourth, √.34 for the fifth; then √.17 and, from the fourth, √.02.
    assert epsilon_net_order(points) == [2, 0, 3, 1, 4]


def test_spreads_order_every_point_of_a_front_once_whatever_is_infinite():
    for spread, points in itertools.product(
        SPREADS, ([[1.0, 2.0]], [[1.0, np.inf], [2.0, 0.0]], [[np.inf, np.inf]] * 3, [[1.0, 1.0]] * 4)
    ):
        assert sorted(SPREADS[spread](np.array(points))) == list(range(len(points)))


def inclusion_exclusion(points: Points, reference: Points) -> float:
    """Sum over all subsets of the volume that their boxes have in common, with alternating signs."""
    total = 0.0
    for size in range(1, len(points) + 1):
        for subset in itertools.combinations(points, size):
            common = np.maximum(reference - np.max(subset, axis=0), 0.0).prod()
            total -= (-1) ** size * common
    return total


@pytest.mark.parametrize("num_objectives", [1, 2, 3])
def test_hypervolume_is_that_of_the_union_of_boxes(num_objectives: int):
    random = np.random.default_rng(num_objectives)
    reference = np.full(num_objectives, 0.9)
    for points in (random.random((8, num_objectives)), random.integers(0, 3, (8, num_objectives)) / 3):
        assert hypervolume(points, reference) == pytest.approx(inclusion_exclusion(points, reference))


def test_hypervolume_of_known_fronts():
    assert hypervolume(np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]), np.array([4.0, 4.0])) == 6.0
    assert hypervolume(np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), np.array([2.0] * 3)) == 7.0
    assert hypervolume(np.array([[5.0, 0.0], [np.inf, 0.0]]), np.array([4.0, 4.0])) == 0.0
    assert hypervolume(np.zeros((0, 2)), np.array([1.0, 1.0])) == 0.0


def test_sweep_stagnates_when_the_last_trials_add_no_volume():
    points = np.array([[4.0, 4.0], [1.0, 3.0], [3.0, 1.0], [3.5, 3.5], [2.0, 4.0]])
    assert stagnated(points, window=2)
    assert not stagnated(points, window=3)  # the third of them was new
    assert not stagnated(points[:2], window=2)  # nothing came before
    assert not stagnated(np.concatenate([points, [[0.9, 0.9]]]), window=2)
    assert stagnated(np.full((3, 2), np.inf), window=2)


def test_gain_below_a_thousandth_is_no_growth():
    points = np.array([[0.0], [100.0], [-0.05]])
    assert stagnated(points, window=1)
    assert not stagnated(np.array([[0.0], [100.0], [-0.2]]), window=1)
