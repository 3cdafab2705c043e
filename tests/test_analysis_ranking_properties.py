"""What holds for every ranking and every hypervolume, whatever the values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trials_in_memory import sweep_of, trial_of

from analysis.ranking.hypervolume import MAX_OBJECTIVES, common_box, course, minimised_points
from analysis.ranking.rank import RankedTrial, rank
from analysis.ranking.rule import Rule
from search.records import Sweep

ORDERS = ("pareto", "knee", "accuracy >= 0.5, then fid", "fid: 1, accuracy: 2", "accuracy")
TRIED = settings(max_examples=50, deadline=None, derandomize=True, database=None)
# Coarse values, so that ties are common.
values = st.fixed_dictionaries(
    {
        "fid": st.integers(0, 8).map(float),
        "accuracy": st.integers(0, 4).map(lambda quarter: quarter / 4),
        "l1": st.floats(0, 1, allow_subnormal=False),
    }
)
OBJECTIVES = {"fid": "min", "accuracy": "max", "l1": "min"}


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Sweeps of one to three objectives, their trials in any order, ended in any order."""
    names = list(OBJECTIVES)[: draw(st.integers(1, MAX_OBJECTIVES))]
    found = draw(st.lists(values, min_size=1, max_size=14))
    trials = [
        trial_of(number, metrics, ended_h=draw(st.integers(0, 5)), gpu_seconds=3600.0)
        for number, metrics in enumerate(found)
    ]
    return sweep_of(draw(st.permutations(trials)), {name: OBJECTIVES[name] for name in names})


def dominates(one: RankedTrial, other: RankedTrial, objectives: list[str]) -> bool:
    signed = [
        (sign * one.metrics[name], sign * other.metrics[name])
        for name in objectives
        for sign in [-1 if OBJECTIVES[name] == "max" else 1]
    ]
    return all(ours <= theirs for ours, theirs in signed) and any(ours < theirs for ours, theirs in signed)


@TRIED
@given(sweep=sweeps(), order=st.sampled_from(ORDERS), data=st.data())
def test_order_does_not_depend_on_the_reading_order(sweep: Sweep, order: str, data: st.DataObject):
    again = sweep_of(data.draw(st.permutations(sweep.trials)), sweep.record.objectives)

    assert rank(again, Rule.parse(order)) == rank(sweep, Rule.parse(order))


@TRIED
@given(sweep=sweeps(), order=st.sampled_from(["pareto", "knee"]))
def test_a_dominated_trial_is_never_above_a_dominating_one(sweep: Sweep, order: str):
    ranked = rank(sweep, Rule.parse(order)).ranked
    names = list(sweep.record.objectives)

    assert not [
        (above.trial.number, below.trial.number)
        for place, above in enumerate(ranked)
        for below in ranked[place + 1 :]
        if dominates(below, above, names)
    ]


@TRIED
@given(sweep=sweeps(), order=st.sampled_from(ORDERS))
def test_every_trial_has_one_place(sweep: Sweep, order: str):
    ranked = rank(sweep, Rule.parse(order)).ranked

    assert sorted(one.trial.number for one in ranked) == list(range(len(sweep.trials)))
    assert [one.place for one in ranked] == list(range(1, len(sweep.trials) + 1))


@TRIED
@given(sweep=sweeps())
def test_hypervolume_never_falls_as_points_are_added_nor_leaves_the_box(sweep: Sweep):
    ranking = rank(sweep)
    box, points = common_box([ranking]), minimised_points(ranking)

    shares = [box.share(points[:count]) for count in range(len(points) + 1)]

    assert (np.diff(shares) >= -1e-12).all()
    assert shares[0] == 0
    assert 0 < shares[-1] <= 1 + 1e-12


@TRIED
@given(sweep=sweeps())
def test_a_course_rises_to_the_share_of_all_ranked_trials(sweep: Sweep):
    ranking = rank(sweep)
    box = common_box([ranking])

    found = course(sweep, ranking, box, in_gpu_hours=True)

    shares, hours = [step.share for step in found.steps], [step.hours for step in found.steps]
    assert shares == sorted(shares)
    assert hours == sorted(hours)
    assert found.hours == len(sweep.trials)
    assert shares[-1] == pytest.approx(box.share(minimised_points(ranking)))
