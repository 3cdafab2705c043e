"""What holds for every kind of pruning, and what sets each apart."""

from pathlib import Path

import numpy as np
import pytest
from driven_sweeps import NUM_EPOCHS, drive, sweep_spec

from search.pareto import hypervolume, minimised
from search.pruning.asha import asha
from search.pruning.build import PRUNERS, build_pruner
from search.pruning.hyperband import Hyperband
from search.pruning.median import MedianStopping
from search.pruning.pareto_asha import ParetoAsha
from search.pruning.pruner import Prune
from search.records import Sweep

KINDS = [kind for kind in PRUNERS if kind != "none"]
STOPPING = [kind for kind in KINDS if kind not in ("pbt", "pb2")]


def outcome(sweep: Sweep) -> list[tuple[object, ...]]:
    """All that is to be the same, with and without interruptions."""
    return [
        (trial.number, trial.state.state, trial.state.reason, trial.evaluations, trial.exploits)
        for trial in sweep.trials
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_sweep_whose_driver_is_killed_ends_as_one_whose_driver_lives(kind: str, tmp_path: Path):
    spec = sweep_spec(pruning={"kind": kind})
    assert outcome(drive(spec, tmp_path / "killed", lives=(1, 2, 7, 13))) == outcome(drive(spec, tmp_path / "whole"))


@pytest.mark.parametrize("kind", STOPPING)
def test_answers_are_the_same_again_live_and_from_the_records(kind: str, tmp_path: Path):
    spec = sweep_spec(pruning={"kind": kind})
    sweep = drive(spec, tmp_path / "sweep", concurrent=4)
    pruner = build_pruner(spec, NUM_EPOCHS)
    assert pruner is not None
    pruner.remember(sweep.trials)
    assert {trial.state.state for trial in sweep.trials} == {"complete", "pruned"}
    for trial in sweep.trials:
        for evaluation in trial.evaluations:
            pruned = trial.state.state == "pruned" and evaluation is trial.final
            expected = Prune(trial.state.reason) if pruned else None
            for _ in range(2):
                assert pruner.decide(trial.number, evaluation.epoch, evaluation.metrics) == expected


@pytest.mark.parametrize("kind", STOPPING)
def test_trial_that_measures_nothing_finite_stops_at_last(kind: str):
    pruner = build_pruner(sweep_spec(pruning={"kind": kind}), NUM_EPOCHS)
    assert pruner is not None
    bad = 5  # in Hyperband's first bracket
    for number in range(bad):
        for epoch in range(1, NUM_EPOCHS + 1):
            pruner.decide(number, epoch, {"fid": 50.0 - number, "accuracy": 0.5 + number / 100})
    unknown = {"fid": float("nan"), "accuracy": float("-inf")}
    assert isinstance(pruner.decide(bad, 1, unknown), Prune)


def test_nothing_is_pruned_without_a_pruner():
    assert build_pruner(sweep_spec(pruning={"kind": "none"}), NUM_EPOCHS) is None


def test_metric_is_the_first_objective_unless_another_is_named():
    pruners = [build_pruner(sweep_spec(pruning={"kind": "asha"} | more), 9) for more in ({}, {"metric": "accuracy"})]
    answers = []
    for pruner in pruners:
        assert pruner is not None
        pruner.decide(0, 1, {"fid": 10.0, "accuracy": 0.1})
        answers.append(pruner.decide(1, 1, {"fid": 20.0, "accuracy": 0.9}))
    assert answers == [Prune("place 2 of 2 after epoch 1, 1 went on"), None]


def test_median_of_the_others_running_averages_is_to_be_met():
    median = MedianStopping("fid", "min", grace=2, last_epoch=9)
    for number, curve in enumerate([(10, 20), (30, 50), (90, 30)]):
        for epoch, fid in enumerate(curve, start=1):
            assert median.decide(number, epoch, {"fid": fid}) is None  # there are no three others yet
    # The averages of the others up to epoch 2 are 15, 40 and 60.
    assert median.decide(3, 1, {"fid": 99}) is None  # within the grace
    assert median.decide(3, 2, {"fid": 40}) is None
    assert median.decide(4, 1, {"fid": 41}) is None
    # Now they are 15, 40, 60 and 69.5: 50 in the middle.
    assert median.decide(4, 2, {"fid": 90}) is None  # the best so far counts, which was 41
    assert median.decide(5, 2, {"fid": 61}) == Prune("fid worse than the median of 5 others after epoch 2")


def test_median_waits_for_a_metric_that_is_seldom_measured():
    median = MedianStopping("accuracy", "max", grace=1, last_epoch=9)
    for number in range(3):
        median.decide(number, 2, {"accuracy": 0.5})
    assert median.decide(3, 1, {"l1": 0.1}) is None
    assert isinstance(median.decide(3, 2, {"accuracy": 0.4}), Prune)


def test_hyperband_divides_any_trials_in_a_row_in_proportion_to_its_brackets():
    hyperband = Hyperband("fid", "min", (1, 3, 9, 27), reduction=3)
    # 81 epochs: 3ˢ/(s+1) of the trials, s = 4 ... 0, which the paper's table for R = 81 rounds to 81, 27, 9, 6, 5.
    shares = np.array([81 / 5, 27 / 4, 9 / 3, 3 / 2, 1]) / (81 / 5 + 27 / 4 + 9 / 3 + 3 / 2 + 1)
    for first in (0, 17, 1000):
        counts = np.bincount([hyperband.bracket(number) for number in range(first, first + 200)], minlength=5)
        assert np.abs(counts - 200 * shares).max() < 3


def test_hyperbands_last_bracket_is_never_pruned():
    hyperband = Hyperband("fid", "min", (1, 3), reduction=3)
    spared = [number for number in range(60) if hyperband.bracket(number) == 2]
    assert spared
    assert not any(hyperband.decide(number, epoch, {"fid": number}) for number in spared for epoch in (1, 3))


def finals_kept(pruner: ParetoAsha, finals: np.ndarray, seed: int) -> np.ndarray:
    """Final (fid, accuracy) of the trials that come through; curves come near them from above, with noise."""
    random = np.random.default_rng(seed)
    kept = []
    for number, (fid, accuracy) in enumerate(finals):
        for epoch in (1, 3, 9):
            left = 1 / (epoch + 1)
            early = {
                "fid": fid + left * random.normal(1, 0.2),
                "accuracy": accuracy - left * random.normal(1, 0.2),
            }
            if pruner.decide(number, epoch, early):
                break
        else:
            kept.append({"fid": fid, "accuracy": accuracy})
    return minimised(kept, {"fid": "min", "accuracy": "max"})


def test_front_survives_better_than_by_either_metric_alone():
    volumes: dict[str, list[float]] = {"both": [], "fid": [], "accuracy": []}
    for seed in range(8):
        random = np.random.default_rng(seed)
        angle, length = random.uniform(0, np.pi / 2, 100), 1 - random.random(100) ** 3
        finals = np.stack([1 - length * np.cos(angle), length * np.sin(angle)], axis=1)  # the front is a quarter circle
        pruners = {
            "both": ParetoAsha({"fid": "min", "accuracy": "max"}, (1, 3, 9), 3),
            "fid": asha("fid", "min", (1, 3, 9), 3),
            "accuracy": asha("accuracy", "max", (1, 3, 9), 3),
        }
        for name, pruner in pruners.items():
            volumes[name].append(hypervolume(finals_kept(pruner, finals, seed), np.array([1.0, 0.0])))
    means = {name: np.mean(values) for name, values in volumes.items()}
    assert means["both"] > 1.05 * max(means["fid"], means["accuracy"])
