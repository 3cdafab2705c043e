"""The share of the objectives' space that a sweep conquered, against hand-worked boxes."""

from dataclasses import replace

import numpy as np
import pytest
from trials_in_memory import sweep_of, trial_of

from analysis.ranking.hypervolume import MAX_STEPS, common_box, course, uses_gpus
from analysis.ranking.rank import rank
from analysis.report.section import Compared, Subject
from analysis.report.sections.hypervolume import hypervolume_section
from search.records import Sweep

# The worst values are 30 and .1, the spans 20 and .5, so the reference point is (30.2, .095).
WIDTH, HEIGHT = 20.2, 0.505


@pytest.fixture
def sweep() -> Sweep:
    return sweep_of(
        [
            trial_of(0, {"fid": 30.0, "accuracy": 0.1}, ended_h=1, gpu_seconds=1800),
            trial_of(1, {"fid": 20.0, "accuracy": 0.6}, ended_h=3, gpu_seconds=3600),
            trial_of(2, {"fid": 10.0, "accuracy": 0.4}, ended_h=5, gpu_seconds=3600),
            trial_of(3, {"fid": 99.0, "accuracy": 0.0}, state="pruned", ended_h=2, gpu_seconds=900),
            trial_of(4, {"fid": 25.0, "accuracy": 0.3}, ended_h=4, gpu_seconds=3600),
            trial_of(5, {"fid": 1.0, "accuracy": 1.0}, state="running", gpu_seconds=7200),
        ]
    )


def subject_of(sweep: Sweep, *others: Sweep) -> Subject:
    return Subject(sweep, rank(sweep), 5, tuple(Compared(other, rank(other)) for other in others))


def test_the_reference_point_lies_a_hundredth_of_the_span_beyond_the_worst(sweep: Sweep):
    box = common_box([rank(sweep)])

    assert box.ideal == pytest.approx(np.array([10.0, -0.6]))
    assert box.reference == pytest.approx(np.array([30.2, -0.095]))


def test_one_box_holds_all_sweeps(sweep: Sweep):
    other = sweep_of([trial_of(0, {"fid": 110.0, "accuracy": 0.7})])

    box = common_box([rank(sweep), rank(other)])

    assert box.ideal == pytest.approx(np.array([10.0, -0.7]))
    assert box.reference == pytest.approx(np.array([111.0, -0.094]))


def test_the_share_grows_when_trials_end_and_all_trials_cost(sweep: Sweep):
    ranking = rank(sweep)

    found = course(sweep, ranking, common_box([ranking]), in_gpu_hours=True)

    # Trial 3 is pruned, 4 dominated by 1, and 5 has not ended; their hours count once they are over.
    assert [step.number for step in found.steps] == [0, 1, 2]
    assert [step.hours for step in found.steps] == [0.5, 1.75, 3.75]
    volumes = [0.2 * 0.005, 10.2 * 0.505, 10.2 * 0.505 + 10 * 0.305]
    assert [step.share for step in found.steps] == pytest.approx([volume / (WIDTH * HEIGHT) for volume in volumes])
    assert found.hours == 3.75


def test_without_gpus_the_hours_of_the_trials_count():
    trials = [trial_of(number, *[{"fid": 3.0 - number, "accuracy": 0.5}] * 30, ended_h=number) for number in range(2)]
    sweep = sweep_of(trials)
    ranking = rank(sweep)

    assert not uses_gpus(sweep)
    assert course(sweep, ranking, common_box([ranking]), in_gpu_hours=False).hours == pytest.approx(1.0)


def test_repeats_are_no_part_of_a_course(sweep: Sweep):
    again = trial_of(6, {"fid": 5.0, "accuracy": 0.9}, gpu_seconds=3600)
    again = replace(again, start=again.start.model_copy(update={"repeat_of": 2}))
    ranking = rank(replace(sweep, trials=(*sweep.trials, again)))

    assert course(sweep, ranking, common_box([ranking]), in_gpu_hours=True).hours == 3.75


def test_a_long_course_is_thinned_and_keeps_its_end():
    sweep = sweep_of(
        trial_of(number, {"fid": 1000.0 - number, "accuracy": number / 1000}, ended_h=number) for number in range(1000)
    )
    ranking = rank(sweep)

    found = course(sweep, ranking, common_box([ranking]), in_gpu_hours=False)

    assert len(found.steps) == MAX_STEPS
    assert (found.steps[0].number, found.steps[-1].number, found.steps[-1].share) == (0, 999, pytest.approx(1.0))


def test_the_section_has_a_line_for_each_sweep_that_compares(sweep: Sweep):
    other = sweep_of([trial_of(0, {"fid": 15.0, "accuracy": 0.5})], name="<b>other</b>")
    elsewhere = sweep_of([trial_of(0, {"fid": 1.0, "accuracy": 1.0})], name="photos", data={"val": {"sha256": "cd"}})
    single = sweep_of([trial_of(0, {"l1": 1.0})], {"l1": "min"}, name="single")
    empty = sweep_of([], name="empty")

    section = hypervolume_section(subject_of(sweep, other, elsewhere, single, empty))

    assert section is not None
    names = [trace["name"] for trace in section.content["figure"]["data"]]
    assert names == ["memory", "&lt;b&gt;other&lt;/b&gt;"]
    assert section.content["left_out"] == [
        ("photos", "other validation photos"),
        ("single", "its objectives are l1: min"),
        ("empty", "none of its trials is ranked"),
    ]
    assert section.content["reference"] == ["30.20", "9.5 %"]
    assert section.title == "Hypervolume over training time"  # the other sweep held no GPU


def test_there_is_no_section_without_anything_to_say(sweep: Sweep):
    fid_alone = sweep_of(sweep.trials, {"fid": "min"})

    assert hypervolume_section(subject_of(sweep_of([]))) is None
    assert hypervolume_section(subject_of(fid_alone)) is None
    assert hypervolume_section(subject_of(fid_alone, fid_alone)) is not None
    section = hypervolume_section(subject_of(sweep))
    assert section is not None
    assert section.title == "Hypervolume over GPU time"
