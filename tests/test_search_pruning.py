"""The rungs of successive halving and their decisions."""

from pathlib import Path

from recorded_sweeps import write_sweep, write_trial

from search.pareto_asha import ParetoAsha, rung_epochs
from search.records import read_sweep

BOTH = {"fid": "min", "accuracy": "max"}


def test_rungs_are_whole_epochs_below_the_full_length():
    assert rung_epochs(1, 3, 243) == (1, 3, 9, 27, 81)
    assert rung_epochs(1, 10, 1000) == (1, 10, 100)
    assert rung_epochs(2, 3, 2) == ()


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


def test_rungs_are_rebuilt_from_the_records(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 50, "accuracy": 0.5}, {"fid": 40, "accuracy": 0.6}])
    asha = ParetoAsha(BOTH, (1,), reduction=2)
    asha.remember(read_sweep(folder).trials)
    assert not asha.decide(1, 1, {"fid": 51, "accuracy": 0.4})
