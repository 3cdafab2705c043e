"""How long the rest of a sweep takes."""

import pytest

from search.status.eta import Remaining, duration_text, remaining


def test_equal_trials_give_an_exact_time_left():
    # 6 trials of 10 s in 2 places, after those that run have had 4 of theirs: 6 s + 3 × 10 s.
    left = remaining([10.0] * 5, [4.0, 4.0], num_left=6, num_slots=2)
    assert left is not None
    assert (left.median_s, left.low_s, left.high_s) == (36.0, 36.0, 36.0)


def test_nothing_is_said_before_three_trials_have_ended():
    assert remaining([10.0, 20.0], [4.0], num_left=6, num_slots=1) is None
    assert remaining([10.0, 20.0, 30.0], [4.0], num_left=6, num_slots=1) is not None


def test_spread_holds_the_median_and_shrinks_with_what_is_known():
    few = remaining([10.0, 20.0, 60.0], [], num_left=30, num_slots=3)
    many = remaining([10.0, 20.0, 60.0] * 30, [], num_left=30, num_slots=3)
    assert few is not None
    assert many is not None
    assert few.low_s < many.low_s < many.median_s < many.high_s < few.high_s
    # 30 trials of 30 s on average in 3 places, and the last one is alone for a while.
    assert 300 < many.median_s < 345


def test_trials_that_run_longer_than_all_that_ended_raise_the_estimate():
    short = remaining([10.0] * 10, [1.0] * 4, num_left=20, num_slots=4)
    long = remaining([10.0] * 10, [100.0] * 4, num_left=20, num_slots=4)
    assert short is not None
    assert long is not None
    assert long.low_s > short.high_s


def test_same_records_give_the_same_estimate():
    assert remaining([1.0, 2.0, 5.0], [3.0], 9, 1) == remaining([1.0, 2.0, 5.0], [3.0], 9, 1)


def test_last_trials_need_no_more_than_their_rest():
    left = remaining([10.0] * 3, [9.0], num_left=0, num_slots=1)
    assert left is not None
    assert str(left) == "about 1 s (1 s to 1 s)"


def test_budget_ends_the_sweep_earlier():
    left = Remaining(12000.0, 10200.0, 15000.0)
    assert str(left) == "about 3 h 20 min (2 h 50 min to 4 h 10 min)"
    assert left.at_most(11000) == Remaining(11000.0, 10200.0, 11000.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "60 s"), (100, "2 min"), (3600, "1 h"), (12000, "3 h 20 min"), (86400 * 5.2, "5 d 5 h")],
)
def test_duration_is_told_as_people_do(seconds: float, text: str):
    assert duration_text(seconds) == text
