"""The search space: ranges, conditions, and what is refused."""

from typing import Any

import optuna
import pytest

from search.errors import SpecError
from search.sampling.samplers import SAMPLERS, sampler_for
from search.spec.space import MAX_COMBINATIONS, parse_space

SPACE: dict[str, Any] = {
    "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
    "loss.adversarial": ["bce", "wgan-gp"],
    "loss.l1": {"log": [1, 300]},
    "early_stopping.classification.patience": {"int": [2, 8]},
    "epochs": 20,
}


def draw(space: dict[str, Any], number: int = 0, sampler: str = "random") -> dict[str, Any]:
    study = optuna.create_study(sampler=sampler_for(sampler, 0, number))
    return parse_space(space).suggest(study.ask())


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_draws_lie_in_their_ranges_and_conditions_hold(sampler: str):
    for number in range(20):
        point = draw(SPACE, number, sampler)
        assert 1 <= point["loss.l1"] <= 300
        assert point["early_stopping.classification.patience"] in range(2, 9)
        assert point["epochs"] == 20
        assert ("loss.gradient_penalty" in point) == (point["loss.adversarial"] == "wgan-gp")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_trial_number_and_seed_decide_the_draw(sampler: str):
    assert draw(SPACE, 3, sampler) == draw(SPACE, 3, sampler)
    assert draw(SPACE, 3, sampler) != draw(SPACE, 4, sampler)


def test_conditions_may_be_nested_and_name_several_values():
    space = {
        "c": {"fixed": 1, "when": {"b": [2, 3]}},
        "b": {"choice": [1, 2, 3], "when": {"a": "yes"}},
        "a": ["yes", "no"],
    }
    corners = list(parse_space(space).corners())
    assert {"a": "yes", "b": 2, "c": 1} in corners
    assert {"a": "yes", "b": 1} in corners
    assert {"a": "no"} in corners
    assert not any("c" in corner and corner.get("b") == 1 for corner in corners)


def test_corners_have_all_choices_with_numbers_at_both_ends_and_between():
    corners = list(parse_space({"x": {"int": [1, 5]}, "y": ["a", "b"]}).corners())
    assert corners == [{"x": x, "y": y} for y in "ab" for x in (1, 3, 5)]


def test_corners_of_a_vast_space_are_a_fixed_sample():
    space = parse_space({f"x{number}": [1, 2, 3, 4] for number in range(30)})
    corners = list(space.corners())
    assert len(corners) == 3 * MAX_COMBINATIONS
    assert corners == list(space.corners())


def test_condition_on_a_value_that_cannot_be_is_refused():
    with pytest.raises(SpecError, match=r"depends on a being 'wgan_gp'; it can be \['bce', 'wgan-gp'\]"):
        parse_space({"x": {"uniform": [1, 2], "when": {"a": "wgan_gp"}}, "a": ["bce", "wgan-gp"]})


def test_only_what_the_sampler_chose_counts_as_searched():
    space = parse_space(SPACE)
    assert "epochs" not in space.searched(draw(SPACE))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"logarithmic": [1, 2]}, "give one of uniform, log, int, choice, fixed"),
        ({"log": [0, 2]}, "must be above 0"),
        ({"uniform": [3, 1]}, "must be below"),
        ({"uniform": 3}, "lowest, highest"),
        ({"int": [0.5, 3]}, "whole numbers"),
        ([], "a list of plain values"),
        ({"uniform": [1, 2], "when": {"nowhere": 1}}, "depends on nowhere"),
        ({"uniform": [1, 2], "when": "y"}, "`when` of x"),
        ({"choice": [1, 2], "when": {"x": 1}}, "break the circle"),
        ({"uniform": [1, 2], "when": {"x": 1}}, "only a choice can be a condition"),
        ({"log": [1, float("inf")]}, "two finite numbers"),
        ({"uniform": "13"}, "two finite numbers"),
    ],
)
def test_bad_range_is_refused_in_words(entry: Any, words: str):
    with pytest.raises(SpecError, match=words):
        parse_space({"x": entry})
