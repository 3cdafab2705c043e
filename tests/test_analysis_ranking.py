import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
from recorded_sweeps import write_sweep, write_trial

from analysis.ranking.rank import RankingError, best, rank
from search.records import Sweep, read_sweep

# By hand: 2 and 4 form the front (4 has the lower FID); 1 is dominated by 4 alone and 3 by 2 alone, so both are on the
# second front; 0 is dominated by 1 too and 5 by everyone.
VALUES = {
    0: {"fid": 32.0, "accuracy": 0.5},
    1: {"fid": 31.0, "accuracy": 0.6},
    2: {"fid": 40.0, "accuracy": 0.9},
    3: {"fid": 41.0, "accuracy": 0.8},
    4: {"fid": 30.0, "accuracy": 0.7},
    5: {"fid": 50.0, "accuracy": 0.1},
}


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    folder = write_sweep(tmp_path / "sweep")
    for number, values in VALUES.items():
        write_trial(folder, number, [values])
    return read_sweep(folder)


def test_orders_by_front_then_first_objective(sweep: Sweep):
    ranked = rank(sweep).ranked

    assert [(one.place, one.trial.number, one.pareto_rank) for one in ranked] == [
        (1, 4, 0),
        (2, 2, 0),
        (3, 1, 1),
        (4, 3, 1),
        (5, 0, 2),
        (6, 5, 3),
    ]
    assert best(sweep).number == 4


def test_positions_are_by_each_objective_alone(sweep: Sweep):
    positions = {one.trial.number: one.positions for one in rank(sweep).ranked}

    assert positions[2] == {"fid": 4, "accuracy": 1}
    assert positions[0] == {"fid": 3, "accuracy": 5}


def test_ranks_the_same_whatever_order_trials_are_read_in(sweep: Sweep):
    expected = rank(sweep)

    assert all(rank(replace(sweep, trials=order)) == expected for order in itertools.permutations(sweep.trials))


def test_equal_values_share_a_position_and_go_by_number(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number, fid in enumerate([20.0, 10.0, 10.0]):
        write_trial(folder, number, [{"fid": fid}])

    ranked = rank(read_sweep(folder)).ranked

    assert [(one.trial.number, one.positions["fid"], one.pareto_rank) for one in ranked] == [
        (1, 1, 0),
        (2, 1, 0),
        (0, 3, 1),
    ]


def test_the_last_evaluation_counts(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    write_trial(folder, 0, [{"fid": 1.0}, {"fid": 30.0}])
    write_trial(folder, 1, [{"fid": 50.0}, {"fid": 20.0}])

    assert best(read_sweep(folder)).number == 1


def test_trials_that_did_not_complete_are_set_apart_with_the_reason(sweep: Sweep):
    perfect = {"fid": 0.0, "accuracy": 1.0}
    write_trial(sweep.folder, 6, [perfect], "pruned", "below the median")
    write_trial(sweep.folder, 7, [perfect], "running")
    write_trial(sweep.folder, 8, [], "failed", "CUDA out of memory")

    ranking = rank(read_sweep(sweep.folder))

    assert len(ranking.ranked) == 6
    assert [(one.trial.number, one.reason) for one in ranking.unranked] == [
        (6, "below the median"),
        (7, "is still running"),
        (8, "CUDA out of memory"),
    ]


def test_complete_trials_without_a_finite_objective_are_set_apart(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": math.nan, "accuracy": 0.5}])
    write_trial(folder, 1, [{"fid": math.inf}])
    write_trial(folder, 2, [])

    assert [one.reason for one in rank(read_sweep(folder)).unranked] == [
        "in its final evaluation (epoch 1) fid is nan",
        "in its final evaluation (epoch 1) fid is inf and accuracy is missing",
        "complete, but without any evaluation",
    ]


def test_nothing_is_best_before_a_trial_has_completed(tmp_path: Path):
    folder = write_sweep(tmp_path / "early")
    write_trial(folder, 0, [{"fid": 3.0, "accuracy": 0.5}], "running")

    with pytest.raises(RankingError, match="sweep 'early' has no complete trial among its 1"):
        best(read_sweep(folder))


def test_fid_by_other_weights_is_set_apart(tmp_path: Path):
    sweep = write_sweep(tmp_path / "sweep")
    for number, weights in enumerate(["aaa", "bbb", "aaa"]):
        write_trial(sweep, number, [{"fid": 50 - number, "accuracy": 0.5}], fid_weights=weights)
    ranking = rank(read_sweep(sweep))
    assert [ranked.trial.number for ranked in ranking.ranked] == [2, 0]
    assert [(one.trial.number, one.reason, one.measured_otherwise) for one in ranking.unranked] == [
        (1, "measured unlike most trials, so its values do not compare: Inception weights bbb instead of aaa", True)
    ]


def test_trial_that_misses_a_constraint_is_set_apart(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", spec={"search": {}, "constraints": ["accuracy >= 0.5"]})
    write_trial(folder, 0, [{"fid": 10.0, "accuracy": 0.4}])
    write_trial(folder, 1, [{"fid": 20.0, "accuracy": 0.6}])
    ranking = rank(read_sweep(folder))
    assert [ranked.trial.number for ranked in ranking.ranked] == [1]
    assert [unranked.reason for unranked in ranking.unranked] == ["accuracy 0.4 is not >= 0.5"]
