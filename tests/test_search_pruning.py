"""The rungs of successive halving and their decisions."""

from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import write_sweep, write_trial

from models.config.trial import TrialConfig
from search.errors import SpecError
from search.pruning.pareto_asha import ParetoAsha
from search.records import read_sweep
from search.spec.rungs import check_rungs, longest_training, rung_epochs
from search.spec.sections import PruningSection

BOTH = {"fid": "min", "accuracy": "max"}


def test_rungs_are_whole_epochs_below_the_full_length():
    assert rung_epochs(1, 3, 243) == (1, 3, 9, 27, 81)
    assert rung_epochs(1, 10, 1000) == (1, 10, 100)
    assert rung_epochs(2, 3, 2) == ()


def config_of(**sections: Any) -> TrialConfig:
    return TrialConfig.model_validate({"data": {"train": "t", "val": "v", "batch_size": 4}, **sections})


def test_longest_training_counts_the_epochs_of_phases():
    configs = [config_of(epochs=5), config_of(phases=[{"epochs": 2}, {"steps": 31}])]
    assert longest_training(configs, num_photos=40) == 2 + 4  # 31 steps of 10 an epoch
    assert longest_training(configs, num_photos=None) == 5
    assert longest_training(configs[1:], num_photos=None) is None


def test_rungs_must_fall_where_costly_objectives_are_measured():
    seldom = [config_of(epochs=12, evaluation={"costly_every": 2})]
    for grace, fault in [(1, "after epoch 1, and fid"), (2, ""), (3, "after epoch 3, and fid")]:
        pruning = PruningSection(grace=grace, reduction=3)
        check_rungs(pruning, ["l1"], seldom, num_photos=None)
        check_rungs(pruning.model_copy(update={"kind": "none"}), ["fid"], seldom, num_photos=None)
        if fault:
            with pytest.raises(SpecError, match=fault):
                check_rungs(pruning, ["fid", "l1"], seldom, num_photos=None)
        else:
            check_rungs(pruning, ["fid", "l1"], seldom, num_photos=None)


def test_length_in_steps_is_looked_at_once_the_photos_are_known():
    configs = [config_of(phases=[{"steps": 30}])]
    check_rungs(PruningSection(grace=4), ["l1"], configs, num_photos=None)
    with pytest.raises(SpecError, match="4 epochs leave nothing to prune in trials of 3"):
        check_rungs(PruningSection(grace=4), ["l1"], configs, num_photos=40)


def test_first_at_a_rung_always_goes_on_and_then_one_in_so_many():
    asha = ParetoAsha({"fid": "min"}, (1,), reduction=3)
    went_on = [asha.decide(number, 1, {"fid": fid}) for number, fid in enumerate([50, 60, 40, 45, 30])]
    # places of the 1st, 2nd, ... comer among those there, against ⌈n/3⌉: 1/1, 2/1, 1/1, 2/2, 1/2
    assert went_on == [True, False, True, True, True]
    assert asha.reasons == {1: "place 2 of 2 after epoch 1, 1 went on"}


def test_best_in_either_objective_goes_on():
    asha = ParetoAsha(BOTH, (1,), reduction=3)
    assert asha.decide(0, 1, {"fid": 363, "accuracy": 0.28})
    assert asha.decide(1, 1, {"fid": 131, "accuracy": 0.26})  # one place for two, but nobody's FID is better
    assert not asha.decide(2, 1, {"fid": 200, "accuracy": 0.27})


def test_both_ends_of_the_front_go_on():
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.decide(0, 1, {"fid": 100, "accuracy": 0.9})
    asha.decide(1, 1, {"fid": 90, "accuracy": 0.5})
    asha.decide(2, 1, {"fid": 95, "accuracy": 0.4})
    assert asha.decide(3, 1, {"fid": 10, "accuracy": 0.1})
    assert not asha.decide(4, 1, {"fid": 96, "accuracy": 0.3})


def test_trial_that_passed_a_rung_passes_it_again_after_its_worker_died():
    asha = ParetoAsha({"fid": "min"}, (1,), reduction=2)
    assert asha.decide(0, 1, {"fid": 90})
    for number, fid in enumerate([50, 60, 70], start=1):
        asha.decide(number, 1, {"fid": fid})
    assert asha.decide(0, 1, {"fid": 90})


def test_epochs_between_rungs_decide_nothing():
    asha = ParetoAsha(BOTH, (2,), reduction=2)
    assert all(asha.decide(number, 1, {"fid": number, "accuracy": 0}) for number in range(5))


def test_within_an_epoch_and_without_an_objective_nothing_is_decided():
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    assert asha.decide(0, 1.0, {"fid": 50, "accuracy": 0.9})
    assert asha.decide(1, 0.5, {"fid": 99, "accuracy": 0.1})
    assert asha.decide(1, 1.5, {"fid": 99, "accuracy": 0.1})
    assert asha.decide(1, 1.0, {"accuracy": 0.1})
    assert not asha.decide(1, 1.0, {"fid": 99, "accuracy": 0.1})


def test_rungs_are_rebuilt_from_the_records(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 50, "accuracy": 0.5}, {"fid": 40, "accuracy": 0.6}])
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.remember(read_sweep(folder).trials)
    assert not asha.decide(1, 1, {"fid": 51, "accuracy": 0.4})


def test_evaluations_without_an_objective_are_not_remembered(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"accuracy": 0.5}, {"fid": 40, "accuracy": 0.6}])
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.remember(read_sweep(folder).trials)
    assert asha.decide(1, 1, {"fid": 51, "accuracy": 0.4})  # the first there
