"""Order among several objectives, against hand-worked points."""

import numpy as np

from search.pareto import best_first, crowding_distances, minimised, pareto_ranks


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
