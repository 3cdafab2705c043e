"""The rungs of successive halving, their decisions, and when a sweep file asks for what nobody measures."""

from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import write_sweep, write_trial

from models.config.trial import TrialConfig
from search.errors import SpecError
from search.pruning.pareto_asha import ParetoAsha
from search.pruning.pruner import Prune
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


def test_exchanges_and_one_metric_need_less_than_rungs_of_all():
    seldom = [config_of(epochs=12, evaluation={"costly_every": 2})]
    every_third = PruningSection(kind="pbt", interval=3)
    with pytest.raises(SpecError, match="interval: trials are compared after epoch 3, and fid"):
        check_rungs(every_third, ["l1", "fid"], seldom, num_photos=None)
    check_rungs(every_third.model_copy(update={"interval": 4}), ["l1", "fid"], seldom, num_photos=None)
    with pytest.raises(SpecError, match="interval: 12 epochs leave nothing to prune in trials of 12"):
        check_rungs(every_third.model_copy(update={"interval": 12}), ["l1"], seldom, num_photos=None)
    check_rungs(PruningSection(kind="asha", metric="l1"), ["fid", "l1"], seldom, num_photos=None)
    with pytest.raises(SpecError, match="after epoch 1, and fid"):
        check_rungs(PruningSection(kind="hyperband"), ["fid", "l1"], seldom, num_photos=None)
    check_rungs(PruningSection(kind="median", metric="fid"), ["fid"], seldom, num_photos=None)  # waits until measured


def test_first_at_a_rung_always_goes_on_and_then_one_in_so_many():
    asha = ParetoAsha({"fid": "min"}, (1,), reduction=3)
    answers = [asha.decide(number, 1, {"fid": fid}) for number, fid in enumerate([50, 60, 40, 45, 30])]
    # places of the 1st, 2nd, ... comer among those there, against ⌈n/3⌉: 1/1, 2/1, 1/1, 2/2, 1/2
    assert answers == [None, Prune("place 2 of 2 after epoch 1, 1 went on"), None, None, None]


def test_best_in_either_objective_goes_on():
    asha = ParetoAsha(BOTH, (1,), reduction=3)
    assert asha.decide(0, 1, {"fid": 363, "accuracy": 0.28}) is None
    assert asha.decide(1, 1, {"fid": 131, "accuracy": 0.26}) is None  # one place for two, but nobody's FID is better
    assert asha.decide(2, 1, {"fid": 200, "accuracy": 0.27})


def test_best_in_one_objective_is_no_excuse_for_a_value_that_is_not_finite():
    asha = ParetoAsha(BOTH, (1,), reduction=3)
    assert asha.decide(0, 1, {"fid": 363, "accuracy": 0.28}) is None
    assert asha.decide(1, 1, {"fid": 131, "accuracy": 0.26}) is None
    assert asha.decide(2, 1, {"fid": float("nan"), "accuracy": 0.9})
    assert asha.decide(3, 1, {"fid": float("inf"), "accuracy": float("nan")})


def test_both_ends_of_the_front_go_on():
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.decide(0, 1, {"fid": 100, "accuracy": 0.9})
    asha.decide(1, 1, {"fid": 90, "accuracy": 0.5})
    asha.decide(2, 1, {"fid": 95, "accuracy": 0.4})
    assert asha.decide(3, 1, {"fid": 10, "accuracy": 0.1}) is None
    assert asha.decide(4, 1, {"fid": 96, "accuracy": 0.3})


def test_epsilon_net_keeps_another_middle_of_the_front_than_crowding():
    answers = {}
    for spread in ("crowding", "epsilon-net"):
        asha = ParetoAsha({"fid": "min", "l1": "min"}, (1,), reduction=2, spread=spread)
        for number, fid in enumerate([0, 100, 45, 55, 50]):
            answers[spread] = asha.decide(number, 1, {"fid": fid, "l1": 100 - fid})
    # The last has the nearest neighbours of all, but of the inner three it is the farthest from both ends.
    assert answers == {"crowding": Prune("place 5 of 5 after epoch 1, 3 went on"), "epsilon-net": None}


def test_trial_that_passed_a_rung_passes_it_again_after_its_worker_died():
    asha = ParetoAsha({"fid": "min"}, (1,), reduction=2)
    assert asha.decide(0, 1, {"fid": 90}) is None
    for number, fid in enumerate([50, 60, 70], start=1):
        asha.decide(number, 1, {"fid": fid})
    assert asha.decide(0, 1, {"fid": 90}) is None


def test_epochs_between_rungs_decide_nothing():
    asha = ParetoAsha(BOTH, (2,), reduction=2)
    assert not any(asha.decide(number, 1, {"fid": number, "accuracy": 0}) for number in range(5))


def test_within_an_epoch_and_without_an_objective_nothing_is_decided():
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    assert asha.decide(0, 1.0, {"fid": 50, "accuracy": 0.9}) is None
    assert asha.decide(1, 0.5, {"fid": 99, "accuracy": 0.1}) is None
    assert asha.decide(1, 1.5, {"fid": 99, "accuracy": 0.1}) is None
    assert asha.decide(1, 1.0, {"accuracy": 0.1}) is None
    assert asha.decide(1, 1.0, {"fid": 99, "accuracy": 0.1})


def test_rungs_are_rebuilt_from_the_records(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 50, "accuracy": 0.5}, {"fid": 40, "accuracy": 0.6}])
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.remember(read_sweep(folder).trials)
    assert asha.decide(1, 1, {"fid": 51, "accuracy": 0.4})


def test_evaluations_without_an_objective_are_not_remembered(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"accuracy": 0.5}, {"fid": 40, "accuracy": 0.6}])
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.remember(read_sweep(folder).trials)
    assert asha.decide(1, 1, {"fid": 51, "accuracy": 0.4}) is None  # the first there
