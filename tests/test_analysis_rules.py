"""In what order trials come, and which of their evaluations counts, as users say it."""

import pytest
from trials_in_memory import sweep_of, trial_of

from analysis.ranking.rank import best, rank
from analysis.ranking.rule import Rule, RuleError
from search.records import Sweep

VALUES = {
    0: {"fid": 10.0, "accuracy": 0.70},
    1: {"fid": 20.0, "accuracy": 0.85},
    2: {"fid": 12.0, "accuracy": 0.79},
    3: {"fid": 50.0, "accuracy": 0.90},
    4: {"fid": 21.0, "accuracy": 0.80},
}


@pytest.fixture
def sweep() -> Sweep:
    return sweep_of(trial_of(number, values) for number, values in VALUES.items())


def order(sweep: Sweep, text: str, counts: str = "last") -> list[int]:
    return [ranked.trial.number for ranked in rank(sweep, Rule.parse(text, counts)).ranked]


def test_thresholds_are_met_first_then_the_next_step_decides(sweep: Sweep):
    # 1, 4 and 3 have 0.8, by FID; 2 misses it by .01 and 0 by .1.
    assert order(sweep, "accuracy >= 0.8, then fid") == [1, 4, 3, 2, 0]
    assert order(sweep, "fid<=20 then accuracy") == [1, 2, 0, 4, 3]
    assert order(sweep, "accuracy >= 0.7, fid <= 20, accuracy") == [1, 2, 0, 4, 3]


def test_what_the_steps_leave_equal_goes_by_front_and_objectives(sweep: Sweep):
    # All have 0.5. 4 is dominated by 1, the others form the front.
    assert order(sweep, "accuracy >= 0.5") == order(sweep, "pareto") == [0, 2, 1, 3, 4]


def test_weights_are_of_objectives_scaled_to_the_ranked_trials(sweep: Sweep):
    # (fid - 10)/40 + 2 (0.9 - accuracy)/0.2: 0 + 2, .25 + .5, .05 + 1.1, 1 + 0, .275 + 1.
    assert order(sweep, "fid: 1, accuracy: 2") == [1, 3, 2, 4, 0]
    assert order(sweep, "fid: 1") == [0, 2, 1, 4, 3]


def test_the_knee_is_farthest_from_the_line_through_the_extremes(sweep: Sweep):
    # Scaled (fid, 0.9 - accuracy): 0 (0, 1), 1 (.25, .25), 2 (.05, .55), 3 (1, 0): x + y is 1, .5, .6, 1; 0 has the
    # lower FID of the ends. 4 is on the second front.
    assert order(sweep, "knee") == [1, 2, 0, 3, 4]


def test_the_knee_of_three_objectives_is_farthest_from_the_plane():
    corners = [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)]
    inner = [(0.7, 0.6, 0.55), (0.5, 0.6, 0.6)]  # the sums are 1.85 and 1.7, of the corners 2
    names = ("fid", "l1", "lpips")
    trials = [trial_of(n, dict(zip(names, values, strict=True))) for n, values in enumerate([*corners, *inner])]
    sweep = sweep_of(trials, dict.fromkeys(names, "min"))

    assert order(sweep, "knee") == [4, 3, 0, 1, 2]


@pytest.mark.parametrize("text", ["knee", "fid: 1, accuracy: 1", "accuracy >= 0.8, then fid"])
def test_a_single_trial_is_first_in_every_order(text: str):
    assert order(sweep_of([trial_of(7, VALUES[0])]), text) == [7]


@pytest.mark.parametrize("text", ["knee", "fid: 1, accuracy: 1", "accuracy >= 0.8, then fid", "pareto"])
def test_no_trial_has_no_order(text: str):
    assert order(sweep_of([]), text) == []


def test_constraints_hold_in_every_order():
    trials = [trial_of(number, values) for number, values in VALUES.items()]
    sweep = sweep_of(trials, spec={"constraints": ["fid <= 20"]})

    ranking = rank(sweep, Rule.parse("accuracy"))

    assert [ranked.trial.number for ranked in ranking.ranked] == [1, 2, 0]
    assert ranking.unranked[0].reason == "fid 50 is not <= 20"
    assert ranking.statement.startswith("Complete trials that meet fid <= 20 are compared by their last evaluation.")


def test_an_order_by_a_metric_that_a_trial_lacks_sets_it_apart():
    sweep = sweep_of([trial_of(0, VALUES[0] | {"l1": 0.2}), trial_of(1, VALUES[1])])

    ranking = rank(sweep, Rule.parse("l1 <= 0.5, then fid"))

    assert [one.reason for one in ranking.unranked] == ["in its final evaluation (epoch 1) l1 is missing"]


CURVE = (
    {"fid": 30.0, "accuracy": 0.6, "l1": 0.2},
    {"fid": 20.0, "accuracy": 0.7, "l1": 0.1},
    {"fid": 40.0, "accuracy": 0.8, "l1": 0.4},
)


def test_what_counts_is_the_last_the_best_joint_or_each_best_evaluation():
    sweep = sweep_of([trial_of(0, *CURVE)])

    found = [rank(sweep, Rule.parse(counts=counts)).ranked[0].evaluation for counts in ("last", "best-joint", "best")]

    assert [one.metrics for one in found] == [CURVE[2], CURVE[1], {"fid": 20.0, "accuracy": 0.8, "l1": 0.1}]


def test_the_best_joint_evaluation_has_the_least_product_of_the_errors_that_are_watched():
    both = {"loss": {"l1": 1.0, "classification": 1.0}}
    by_fid = both | {"early_stopping": {"colorization": {"metric": "fid"}}}
    # l1 (1 - accuracy): .08, .03, .08; FID (1 - accuracy): 12, 6, 8; of l1 alone the second.
    trials = [trial_of(0, *CURVE, config=both), trial_of(1, *CURVE, config=by_fid), trial_of(2, *CURVE)]

    ranking = rank(sweep_of(trials), Rule.parse(counts="best-joint"))

    assert {one.trial.number: one.evaluation.epoch for one in ranking.ranked} == {0: 2, 1: 2, 2: 2}


def test_of_equal_best_joint_evaluations_the_latest_counts_as_its_checkpoint_was_kept_last():
    trial = trial_of(0, {"fid": 9.0, "l1": 0.1}, {"fid": 8.0, "l1": 0.1}, {"fid": 7.0, "l1": 0.2})

    ranking = rank(sweep_of([trial], {"fid": "min"}), Rule.parse(counts="best-joint"))

    assert ranking.ranked[0].evaluation.epoch == 2


def test_a_best_joint_evaluation_can_lack_what_is_too_costly_for_every_time():
    trial = trial_of(0, {"l1": 0.1}, {"fid": 7.0, "l1": 0.2})

    ranking = rank(sweep_of([trial], {"fid": "min"}), Rule.parse(counts="best-joint"))

    assert [one.reason for one in ranking.unranked] == ["in its best joint evaluation (epoch 1) fid is missing"]


def test_best_values_leave_out_what_is_no_number():
    sweep = sweep_of([trial_of(0, {"fid": 9.0}, {"fid": float("nan")}), trial_of(1, {"fid": 10.0})], {"fid": "min"})

    assert order(sweep, "pareto", "best") == [0, 1]
    assert order(sweep, "pareto") == [1]


def test_the_first_is_best_by_the_rule(sweep: Sweep):
    assert best(sweep, Rule.parse("accuracy")).number == 3


@pytest.mark.parametrize("text", ["pareto", "knee", "accuracy >= 0.8, then fid", "fid: 1, accuracy: 0.5"])
def test_an_order_is_written_as_it_is_read(text: str):
    rule = Rule.parse(text)

    assert str(rule.order) == text
    assert Rule.parse(str(rule.order)) == rule


def test_the_rule_is_told_in_words(sweep: Sweep):
    assert rank(sweep).statement == (
        "Complete trials are compared by their last evaluation. "
        "They are ordered by Pareto front, then FID, then accuracy, then trial number."
    )
    assert rank(sweep, Rule.parse("accuracy >= 0.8, then fid", "best")).statement == (
        "Complete trials are compared by the best value of each metric over all their evaluations: optimistic, since "
        "it takes the luckiest of many measurements, and no one checkpoint need have all values of a row. "
        "They are ordered by accuracy >= 0.8 (what misses it comes after, the nearest miss first), then FID. "
        "Ties go by Pareto front, then FID, then accuracy, then trial number."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paretto", "--order: unknown metric or order paretto; did you mean pareto?"),
        ("acuracy >= 0.8", "--order: unknown metric acuracy; did you mean accuracy?"),
        ("", "--order is empty; give pareto or knee, steps (accuracy >= 0.8, then fid) or weights (fid: 1, l1: 2)"),
        ("accuracy > 0.8", "--order: 'accuracy > 0.8' is no step; give METRIC, METRIC >= NUMBER or METRIC <= NUMBER"),
        ("accuracy >= much", "--order: 'much' is no number; give a finite one in accuracy >= NUMBER"),
        ("accuracy <= 0.8", "--order: accuracy is better high; give accuracy >= 0.8"),
        ("fid >= 10", "--order: fid is better low; give fid <= 10"),
        ("accuracy >= 80", "--order: accuracy goes from 0 to 1; 80 is none of its values, perhaps 0.8"),
        ("fid, ", "--order: '' is no step; give METRIC, METRIC >= NUMBER or METRIC <= NUMBER"),
        ("fid: 1, accuracy", "--order: 'accuracy' is no weight; give METRIC: NUMBER, such as fid: 1"),
        ("fid: -1", "--order: the weight of fid is -1; give a number above 0, whichever way is better"),
        ("fid: 1, fid: 2", "--order 'fid: 1, fid: 2' weighs a metric twice; give each one weight"),
    ],
)
def test_what_is_no_order_is_refused_in_one_line(text: str, message: str):
    with pytest.raises(RuleError) as error:
        Rule.parse(text)
    assert str(error.value) == message


def test_what_cannot_count_is_refused_in_one_line():
    with pytest.raises(RuleError) as error:
        Rule.parse(counts="final")
    assert str(error.value) == "--counts 'final' is unknown; known: last, best-joint, best"
