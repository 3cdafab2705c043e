"""Values that were measured in different ways are never put in one ranking."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from trials_in_memory import sweep_of, trial_of

from analysis.ranking.comparable import why_not_comparable
from analysis.ranking.rank import rank

WORDS = "measured unlike most trials, so its values do not compare: "
METRICS = {"fid": 9.0, "accuracy": 0.5, "lpips": 0.2, "psnr": 20.0, "classifier_top1": 0.3}


def apart(objectives: dict[str, str], *trials: Any) -> dict[int, str]:
    ranking = rank(sweep_of(trials, objectives))
    assert all(one.measured_otherwise for one in ranking.unranked)
    return {one.trial.number: one.reason.removeprefix(WORDS) for one in ranking.unranked}


def measured(number: int, **settings: Any) -> Any:
    return trial_of(number, METRICS, config={"seed": number, "evaluation": settings})


@pytest.mark.parametrize(
    ("objective", "way", "settings", "reason"),
    [
        ("fid", "min", {"fid_images": 64}, "N 64 instead of 200"),
        ("fid", "min", {"metric_space": "lab01"}, "metric space lab01 instead of rgb"),
        ("psnr", "max", {"metric_space": "lab01"}, "metric space lab01 instead of rgb"),
        ("accuracy", "max", {"eval_mode": "train"}, "evaluation mode train instead of eval"),
        ("accuracy", "max", {"dropout_at_eval": True}, "dropout in evaluation True instead of False"),
        ("lpips", "min", {"lpips": "vgg"}, "LPIPS network vgg instead of None"),
        ("classifier_top1", "max", {"classifier": "vgg16"}, "classifier vgg16 instead of None"),
    ],
)
def test_what_was_measured_otherwise_is_set_apart_in_words(
    objective: str, way: str, settings: dict[str, Any], reason: str
):
    assert apart({objective: way}, measured(0), measured(1, **settings), measured(2)) == {1: reason}


@pytest.mark.parametrize("settings", [{"fid_images": 64}, {"metric_space": "lab01"}, {"lpips": "vgg"}])
def test_only_what_the_objectives_depend_on_counts(settings: dict[str, Any]):
    assert apart({"accuracy": "max"}, measured(0), measured(1, **settings)) == {}


def test_a_metric_of_the_order_has_to_compare_too():
    from analysis.ranking.rule import Rule

    sweep = sweep_of([measured(0), measured(1, fid_images=64), measured(2)], {"accuracy": "max"})

    ranking = rank(sweep, Rule.parse("fid <= 10, then accuracy"))

    assert [one.trial.number for one in ranking.unranked] == [1]


def test_recorded_n_counts_more_than_the_configured_one():
    old = trial_of(0, METRICS, config={"evaluation": {"fid_images": 64}})
    new = trial_of(1, METRICS, fid_images=64)
    other = trial_of(2, METRICS, fid_images=32)

    assert apart({"fid": "min"}, old, new, other) == {2: "N 32 instead of 64"}


def test_of_groups_of_one_size_that_of_the_lowest_number_stays():
    trials = [measured(3), measured(1, fid_images=64), measured(0), measured(2, fid_images=64)]

    found = [apart({"fid": "min"}, *order) for order in itertools.permutations(trials)]

    assert all(one == {1: "N 64 instead of 200", 2: "N 64 instead of 200"} for one in found)


def test_every_difference_is_told():
    found = apart({"fid": "min"}, measured(0), measured(1), measured(2, fid_images=64, metric_space="lab01"))

    assert found == {2: "N 64 instead of 200, metric space lab01 instead of rgb"}


def test_sweeps_compare_on_the_same_photos_alone():
    one, other = (sweep_of([measured(0)]) for _ in range(2))
    moved = replace(other, record=other.record.model_copy(update={"data": {"val": {"sha256": "cd" * 32}}}))

    def why(than: Any, metrics: list[str]) -> str:
        return why_not_comparable(one.trials[0], one.record, than.trials[0], than.record, metrics)

    assert why(other, ["fid"]) == ""
    assert why(moved, ["fid"]) == "other validation photos"
    assert why(sweep_of([measured(0, fid_images=64)]), ["fid"]) == "N 200 instead of 64"
    assert why(sweep_of([measured(0, fid_images=64)]), ["accuracy"]) == ""
