"""What every sampler promises, and what some do beyond that."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from sampled_sweeps import CONDITIONAL, NUMBERS, make_spec, open_study, record, run_trials

from search.records import State
from search.sampling.samplers import SAMPLERS, population_size
from search.spec.sweep_spec import SweepSpec

GRID: dict[str, Any] = {
    "loss.adversarial": ["bce", "wgan-gp"],
    "loss.gradient_penalty": {"int": [1, 3], "when": {"loss.adversarial": "wgan-gp"}},
    "loss.l1": {"uniform": [1, 2], "step": 0.2},
}
"""24 points."""
SPACES = {name: {"cmaes": NUMBERS, "grid": GRID}.get(name, CONDITIONAL) for name in SAMPLERS}
OBJECTIVES = ("l1", "accuracy", "psnr")
EACH = [pytest.param(name, marks=pytest.mark.slow if name == "gp" else ()) for name in SAMPLERS]
CASES = [
    pytest.param(name, number, marks=pytest.mark.slow if name == "gp" else ())
    for name, numbers in {"tpe": (1, 2, 3), "nsga2": (1, 2, 3), "nsga3": (1, 2, 3), "gp": (1, 3)}.items()
    for number in numbers
] + [("cmaes", 1), ("qmc", 2), ("random", 2), ("grid", 2)]


def spec_for(sampler: str, num_objectives: int = 1, **sections: Any) -> SweepSpec:
    if sampler == "cmaes" and importlib.util.find_spec("cmaes") is None:
        pytest.skip("the package cmaes is not installed")
    return make_spec(sampler, OBJECTIVES[:num_objectives], SPACES[sampler], **sections)


@pytest.mark.parametrize(("sampler", "num_objectives"), CASES)
def test_sampler_draws_the_same_points_of_the_space_with_and_without_breaks(
    sampler: str, num_objectives: int, tmp_path: Path
):
    spec = spec_for(sampler, num_objectives, constraints=[f"{OBJECTIVES[num_objectives - 1]} >= 0.6"])
    whole = run_trials(open_study(spec, tmp_path / "whole"), spec, tmp_path / "whole", 17)
    broken = []
    for num_trials in (8, 7, 2):
        broken += run_trials(open_study(spec, tmp_path / "broken"), spec, tmp_path / "broken", num_trials)
    assert broken == whole
    assert all(spec.parsed_space.fits(spec.parsed_space.searched(point)) for point in whole)
    assert len({tuple(sorted(point.items())) for point in whole}) == 17


@pytest.mark.parametrize("sampler", EACH)
def test_sampler_draws_again_what_was_never_recorded(sampler: str, tmp_path: Path):
    spec = spec_for(sampler)
    study = open_study(spec, tmp_path)
    run_trials(study, spec, tmp_path, 12)
    asked = [study.ask(), study.ask({"loss.l1": 2.0}), study.ask()]
    again = open_study(spec, tmp_path)
    assert again.settle([]) == [12, 13, 14]
    assert [(number, again.ask_again(number)) for number in (12, 13, 14)] == asked
    assert asked[1][1]["loss.l1"] == 2.0
    assert again.ask() == study.ask()


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "grid"])
def test_another_seed_gives_other_trials(sampler: str, tmp_path: Path):
    first = [open_study(spec_for(sampler, search={"seed": seed}), tmp_path / str(seed)).ask() for seed in (0, 1)]
    assert first[0] != first[1]


def share_of_bad(state: State, folder: Path) -> float:
    """Share of tpe's proposals of beta1 below 0.3 if all below 0.45 end like this, and beyond that less is better."""
    spec = make_spec("tpe", ("l1",), {"optimizer.beta1": {"uniform": [0, 0.9]}, "loss.l1": 20})
    study = open_study(spec, folder)
    values = []
    for _ in range(60):
        number, point = study.ask()
        values.append(point["optimizer.beta1"])
        study.tell(record(folder, spec, number, point, state if values[-1] < 0.45 else "complete"))
    return sum(value < 0.3 for value in values[20:]) / 40


def test_tpe_avoids_what_the_configuration_caused_and_not_what_the_machine_did(tmp_path: Path):
    assert share_of_bad("diverged", tmp_path / "diverged") < 0.15
    assert share_of_bad("failed", tmp_path / "failed") > 0.9


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", pytest.param("gp", marks=pytest.mark.slow)])
def test_constraint_moves_the_proposals(sampler: str, tmp_path: Path):
    points = {}
    for bound in ("psnr >= 29.9", "psnr >= -99"):
        spec = spec_for(sampler, constraints=[bound])
        points[bound] = run_trials(open_study(spec, tmp_path / bound), spec, tmp_path / bound, 17)
    hard, easy = points.values()
    assert hard[:8] == easy[:8]
    assert hard != easy


def test_grid_takes_every_point_once_and_those_of_enqueued_trials_never(tmp_path: Path):
    spec = spec_for("grid")
    study = open_study(spec, tmp_path)
    enqueued = [study.ask({"loss.adversarial": "wgan-gp", "loss.gradient_penalty": 2})[1]]
    sampled = [study.ask()[1] for _ in range(10)]
    study = open_study(spec, tmp_path)
    assert not study.exhausted
    sampled += [study.ask()[1] for _ in range(13)]
    assert study.exhausted
    grid = [point for point in spec.parsed_space.grid() if point not in enqueued]
    assert len(enqueued + grid) == 24
    assert sampled == grid


def test_qmc_has_as_many_points_in_each_part_of_every_range(tmp_path: Path):
    space = {"optimizer.beta1": {"uniform": [0, 0.8]}, "loss.l1": {"log": [1, 256]}, "loss.adversarial": ["bce", "l1"]}
    study = open_study(make_spec("qmc", space=space), tmp_path)
    points = [study.ask()[1] for _ in range(16)]
    assert [sum(point["optimizer.beta1"] // 0.1 == part for point in points) for part in range(8)] == [2] * 8
    assert [sum(4**part <= point["loss.l1"] < 4 ** (part + 1) for point in points) for part in range(4)] == [4] * 4
    assert sum(point["loss.adversarial"] == "l1" for point in points) == 8


@pytest.mark.parametrize(("num_trials", "size"), [(12, 8), (200, 20), (1000, 50)])
def test_population_leaves_generations_to_small_sweeps(num_trials: int, size: int):
    assert population_size(make_spec("nsga2", search={"trials": num_trials})) == size
