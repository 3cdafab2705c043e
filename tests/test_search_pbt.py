"""Populations: who waits for whom, and who takes over what from whom."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from driven_sweeps import BEST_L1, drive, sweep_spec

from models.evaluation import Evaluation
from search.pruning.axes import Axis
from search.pruning.gaussian_process import TimeVaryingProcess
from search.pruning.pb2 import PopulationBandit
from search.pruning.pbt import Perturbation
from search.pruning.population import PopulationBasedTraining, Step
from search.pruning.pruner import Park, Release
from search.records import (
    Exploit,
    State,
    Trial,
    TrialStart,
    TrialState,
)
from search.spec.ranges import FloatRange

L1 = Axis("loss.l1", FloatRange(1.0, 100.0, log=True))


def recorded(number: int, fids: tuple[float, ...] = (), exploits: tuple[Exploit, ...] = (), state: State = "waiting"):
    """A trial whose weight is 10 more than its number, with an evaluation for each FID."""
    start = TrialStart(number=number, params={"loss.l1": 10.0 + number}, config={}, created=datetime.now(UTC))
    evaluations = tuple(
        Evaluation(epoch=epoch, step=epoch, seconds=0.0, metrics={"fid": fid}) for epoch, fid in enumerate(fids, 1)
    )
    return Trial(Path(), start, TrialState(state=state), evaluations, exploits)


def population(size: int = 4, interval: int = 1, last_epoch: int = 9) -> PopulationBasedTraining:
    pruner = PopulationBasedTraining(
        {"fid": "min"}, size, interval, 0.25, seed=0, last_epoch=last_epoch, explorer=Perturbation([L1], seed=0)
    )
    pruner.remember(recorded(number) for number in range(size))
    return pruner


def test_members_wait_for_all_and_the_worst_goes_on_with_the_bests_networks():
    pruner = population()
    for number, fid in enumerate([40.0, 10.0, 30.0, 20.0]):
        assert pruner.released(more_to_come=True) == []
        assert pruner.decide(number, 1, {"fid": fid}) == Park()
    first, *others = pruner.released(more_to_come=True)
    assert first == Release(1)
    assert [release.number for release in others] == [3, 2, 0]
    assert [release.donor for release in others] == [None, None, 1]
    assert others[-1].changes == {"loss.l1": pytest.approx(0.8 * 11)}  # of the donor's weight
    assert pruner.released(more_to_come=True) == []
    assert [pruner.decide(number, 1, {"fid": 0.0}) for number in range(4)] == [None] * 4


def test_only_ends_of_generations_count_and_nothing_is_exchanged_at_the_end():
    pruner = population(interval=2, last_epoch=4)
    assert [pruner.decide(0, epoch, {"fid": 1.0}) for epoch in (1, 1.5, 3, 4, 5)] == [None] * 5
    assert pruner.decide(0, 2, {"fid": 1.0}) == Park()


def test_nobody_waits_for_a_member_that_has_ended_or_for_a_trial_outside_the_population():
    pruner = population()
    assert pruner.decide(4, 1, {"fid": 1.0}) is None
    pruner.ended(4)
    for number in range(3):
        pruner.decide(number, 1, {"fid": float(number)})
    pruner.ended(3)
    assert [(release.number, release.donor) for release in pruner.released(more_to_come=True)] == [
        (0, None),
        (1, None),
        (2, 0),
    ]


def test_failed_member_that_is_tried_again_is_waited_for_again():
    pruner = population()
    pruner.ended(3)
    pruner.remember([recorded(3)])
    for number in range(3):
        pruner.decide(number, 1, {"fid": float(number)})
    assert pruner.released(more_to_come=True) == []
    pruner.decide(3, 1, {"fid": 0.5})
    assert len(pruner.released(more_to_come=True)) == 4


def test_latecomer_passes_generations_that_have_been_exchanged_without_it():
    pruner = population()
    pruner.remember([recorded(0, fids=(5.0, 4.0, 3.0)), recorded(3)])  # somebody was seen beyond generation 2
    assert [pruner.decide(3, epoch, {"fid": 1.0}) for epoch in (1, 2, 3)] == [None, None, Park()]


def test_exchange_that_was_decided_and_not_recorded_is_decided_the_same_again():
    fids = [40.0, 10.0, 30.0, 20.0, 60.0, 50.0, 15.0, 70.0]

    def released(exploits: dict[int, tuple[Exploit, ...]]) -> list[Release]:
        pruner = population(size=8)
        pruner.remember(recorded(number, (fid,), exploits.get(number, ())) for number, fid in enumerate(fids))
        for number, fid in enumerate(fids):
            assert pruner.decide(number, 1, {"fid": fid}) == Park()
        return pruner.released(more_to_come=True)

    whole = {release.number: release for release in released({})}
    assert [number for number, release in whole.items() if release.donor is not None] == [4, 7]
    assert {whole[4].donor, whole[7].donor} <= {1, 6}
    done = Exploit(epoch=1, donor=whole[4].donor, params=dict(whole[4].changes), config={})
    again = {release.number: release for release in released({4: (done,)})}
    assert again == whole | {4: Release(4)}


def test_perturbed_values_are_a_fifth_off_or_drawn_anew_and_stay_in_their_range():
    explorer = Perturbation([L1], seed=1)
    takers = {number: {"loss.l1": 90.0, "loss.l2": 3.0} for number in range(1000)}
    moved = explorer.explore(takers, [], 1, [])
    values = np.array([params["loss.l1"] for params in moved.values()])
    assert moved == explorer.explore(takers, [], 1, [])
    assert all(params["loss.l2"] == 3.0 for params in moved.values())
    lower, upper = np.isclose(values, 72.0), values == 100.0  # 108 is beyond the range
    anew = values[~lower & ~upper]
    assert [lower.mean(), upper.mean(), len(anew) / 1000] == pytest.approx([0.375, 0.375, 0.25], abs=0.04)
    assert np.log10(anew).mean() == pytest.approx(1.0, abs=0.1)  # evenly on the log scale of 1 to 100


def test_axis_knows_its_scale_and_its_steps():
    assert L1.at(0.5) == pytest.approx(10.0)
    assert L1.position(10.0) == pytest.approx(0.5)
    stepped = Axis("loss.l1", FloatRange(0.0, 1.0, step=0.25))
    assert [stepped.at(position) for position in (0.3, 0.4)] == [0.25, 0.5]
    assert stepped.clipped(7.0) == 1.0


def test_process_is_the_textbook_formula():
    positions, times, values = np.array([[0.1], [0.5], [0.8]]), np.array([1.0, 2.0, 2.0]), np.array([-1.0, 0.2, 1.1])
    process = TimeVaryingProcess(positions, times, values, length=0.4, forgetting=0.2, noise=0.1)

    def k(x: float, t: float, y: float, s: float) -> float:
        return float(np.exp(-((x - y) ** 2) / (2 * 0.4**2)) * 0.8 ** (abs(t - s) / 2))

    seen = list(zip(positions[:, 0], times, strict=True))
    gram = np.array([[k(*one, *other) for other in seen] for one in seen]) + 0.1 * np.eye(3)
    cross = np.array([k(*one, 0.6, 3.0) for one in seen])
    at, none = np.array([[0.6]]), np.zeros((0, 1))
    assert process.mean(at, 3.0) == pytest.approx(cross @ np.linalg.inv(gram) @ values)
    assert process.deviation(at, 3.0, none) == pytest.approx((1 - cross @ np.linalg.inv(gram) @ cross) ** 0.5)
    assert process.deviation(at, 3.0, at) < process.deviation(at, 3.0, none)
    sign, logarithm = np.linalg.slogdet(gram)
    assert sign == 1
    assert process.likelihood == pytest.approx(-(values @ np.linalg.inv(gram) @ values) / 2 - logarithm / 2)


def test_bandit_goes_where_gains_were_and_apart_from_the_others():
    random = np.random.default_rng(0)
    past = [
        Step(2, {"loss.l1": value}, (float(np.exp(-(np.log(value / 10) ** 2))),)) for value in 100 ** random.random(40)
    ]
    bandit = PopulationBandit([L1], seed=0)
    takers = {3: {"loss.l1": 1.0}, 5: {"loss.l1": 1.0}}
    explored = bandit.explore(takers, [{"loss.l1": 80.0}], 2, past)
    assert all(5 < params["loss.l1"] < 20 for params in explored.values())
    assert explored[3] != explored[5]
    # Nothing is known: halfway between the one there is and the far end, then at that end, or the other way round.
    blind = bandit.explore(takers, [{"loss.l1": 100.0}], 1, [])
    assert min(params["loss.l1"] for params in blind.values()) < 3


@pytest.mark.parametrize("kind", ["pbt", "pb2"])
def test_population_comes_nearer_to_the_best_weight_than_trials_left_alone(kind: str, tmp_path: Path):
    spec = sweep_spec(pruning={"kind": kind}, objectives={"fid": "min"})
    sweep = drive(spec, tmp_path / "sweep", concurrent=3)
    exploits = [exploit for trial in sweep.trials for exploit in trial.exploits]
    assert len(exploits) == 2 * 8  # two of eight members, after each epoch but the last

    def distance(weights: list[float]) -> float:
        return float(np.median(np.abs(np.log(np.array(weights) / BEST_L1))))

    alone = distance([trial.start.params["loss.l1"] for trial in sweep.trials])
    assert distance([trial.params["loss.l1"] for trial in sweep.trials]) < 0.8 * alone
