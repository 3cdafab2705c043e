import math

import numpy as np
import pytest
from made_trials import made_sweep, made_trial

from analysis.effects.sample import samples
from analysis.effects.scaled_space import scaled_space
from analysis.effects.surrogate import fit_surrogate, marginal, pair
from analysis.ranking.rank import rank
from search.records import Exploit

SPACE = {
    "loss.l1": {"log": [1, 100]},
    "loss.adversarial": ["bce", "wgan-gp"],
    "loss.gradient_penalty": {"uniform": [0, 20], "when": {"loss.adversarial": "wgan-gp"}},
    "model.depth": {"int": [2, 6]},
    "model.width": {"fixed": 0.5},
}
BCE = {"loss.l1": 10.0, "loss.adversarial": "bce", "model.depth": 3}
WGAN = {"loss.l1": 1.0, "loss.adversarial": "wgan-gp", "loss.gradient_penalty": 5.0, "model.depth": 6}


def test_values_become_positions_on_the_scale_of_their_range():
    space = scaled_space(made_sweep([], SPACE).record)

    assert [axis.path for axis in space.axes] == [path for path in SPACE if path != "model.width"]
    positions = space.positions([BCE, WGAN])
    assert positions[0] == pytest.approx([0.5, 0, math.nan, 0.25], nan_ok=True)
    assert positions[1] == pytest.approx([0, 1, 0.25, 1])
    assert space.features(positions).tolist() == [[0.5, 1, 0, 0.5, 0.25], [0, 0, 1, 0.25, 1]]
    assert [axis.value(position) for axis, position in zip(space.axes, positions[1], strict=True)] == list(
        WGAN.values()
    )


def test_drawn_points_have_a_parameter_only_under_its_condition():
    space = scaled_space(made_sweep([], SPACE).record)

    points = space.with_conditions(space.drawn(200, seed=0))

    assert set(points[:, 1]) == {0, 1}
    assert (np.isnan(points[:, 2]) == (points[:, 1] == 0)).all()


def test_a_condition_on_what_never_varies_is_resolved():
    entries = {
        "a": ["x"],
        "b": {"uniform": [0, 1], "when": {"a": "x"}},
        "c": {"fixed": 2, "when": {"d": "y"}},
        "d": ["y", "z"],
        "e": {"uniform": [0, 1], "when": {"c": 2}},
    }
    space = scaled_space(made_sweep([], entries).record)

    assert {axis.path: axis.when for axis in space.axes} == {"b": (), "d": (), "e": (("d", (0.0,)),)}


def test_a_space_that_cannot_be_read_has_no_parameters():
    assert scaled_space(made_sweep([], {"a": {"log": [0, 1]}}).record).axes == ()


def curve(*fids: float) -> list[dict[str, float]]:
    return [{"fid": fid, "accuracy": 0.5} for fid in fids]


def test_samples_are_of_one_stage_and_of_one_space():
    trials = [
        *(made_trial(number, curve(9, 8, 7), BCE) for number in range(3)),
        *(made_trial(number, curve(9, 8), BCE, "pruned") for number in range(3, 20)),
        made_trial(20, curve(9), BCE, "diverged"),
        made_trial(21, curve(9, 8, 7), BCE | {"loss.l1": 500.0}),
        made_trial(22, curve(9, 8, 7), BCE, exploits=[Exploit(epoch=1, donor=0, params=BCE, config={})]),
        made_trial(23, curve(9, 8, 7), BCE, fid_images=32),
        made_trial(24, curve(9, 8, 7), BCE, "failed"),
        made_trial(25, curve(9, 8, 7), BCE, repeat_of=0),
    ]
    sweep = made_sweep(trials, SPACE)

    found = samples(sweep, rank(sweep))

    assert [trial.number for trial in found.end.trials] == [0, 1, 2]
    assert found.end.values["fid"].tolist() == [7, 7, 7]
    assert found.early
    assert (found.early.epoch, len(found.early), found.num_left_out) == (2, 20, 3)
    assert found.widest is found.early


def test_without_pruning_the_end_is_all():
    sweep = made_sweep([made_trial(number, curve(9, 8), BCE) for number in range(5)], SPACE)
    found = samples(sweep, rank(sweep))
    assert (found.early, found.stages) == (None, (found.end,))


SQUARE = scaled_space(made_sweep([], {"a": {"uniform": [0, 1]}, "b": {"uniform": [0, 1]}}).record)
POINTS = SQUARE.drawn(400, seed=1)


def test_a_surrogate_finds_a_step():
    surrogate = fit_surrogate(SQUARE, POINTS, np.where(POINTS[:, 0] < 0.5, 1.0, 3.0))

    along, across = marginal(surrogate, 0), marginal(surrogate, 1)

    assert surrogate.explained > 0.95
    assert along.mean[[0, -1]] == pytest.approx([1, 3], abs=0.05)
    assert across.span < 0.1


def test_a_surrogate_of_noise_explains_nothing():
    noise = np.random.default_rng(0).standard_normal(400)
    assert fit_surrogate(SQUARE, POINTS, noise).explained < 0.1
    assert fit_surrogate(SQUARE, POINTS, np.ones(400)).explained == 0


def test_the_interaction_of_a_sum_is_nothing_and_of_an_exclusive_or_everything():
    low = POINTS < 0.5
    added = fit_surrogate(SQUARE, POINTS, low.sum(axis=1).astype(float))
    exclusive = fit_surrogate(SQUARE, POINTS, (low[:, 0] != low[:, 1]).astype(float))

    assert pair(added, 0, 1).interaction < 0.05
    assert pair(exclusive, 0, 1).interaction > 0.95
