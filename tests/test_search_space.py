"""The search space: ranges, conditions, points, and what is refused."""

from typing import Any

import optuna
import pytest

from search.errors import SpecError
from search.spec.ranges import Choice, FloatRange, IntRange
from search.spec.space import MAX_COMBINATIONS, parse_space

SPACE: dict[str, Any] = {
    "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
    "loss.adversarial": ["bce", "wgan-gp"],
    "loss.l1": {"log": [1, 300]},
    "model.width": {"uniform": [0.1, 0.7], "step": 0.3},
    "loss.critic_steps": {"int-log": [1, 100]},
    "early_stopping.classification.patience": {"int": [2, 8], "step": 3},
    "epochs": 20,
}
NESTED: dict[str, Any] = {
    "c": {"fixed": 1, "when": {"b": [2, 3]}},
    "b": {"choice": [1, 2, 3], "when": {"a": "yes"}},
    "a": ["yes", "no"],
}
BOTH: dict[str, Any] = {"a": [1, 2], "b": [1, 2], "c": {"int": [1, 5], "when": {"a": 1, "b": 2}}}


def draw(space: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return parse_space(space).suggest(study.ask())


def test_draws_lie_in_their_ranges_and_conditions_hold():
    seen = [draw(SPACE, seed) for seed in range(40)]
    for point in seen:
        assert 1 <= point["loss.l1"] <= 300
        assert 1 <= point["loss.critic_steps"] <= 100
        assert point["epochs"] == 20
        assert ("loss.gradient_penalty" in point) == (point["loss.adversarial"] == "wgan-gp")
    assert {point["early_stopping.classification.patience"] for point in seen} == {2, 5, 8}
    assert {round(point["model.width"], 9) for point in seen} == {0.1, 0.4, 0.7}
    assert sum(point["loss.critic_steps"] <= 10 for point in seen) > 10  # on a log scale half of them


def test_every_range_knows_its_values():
    space = parse_space(SPACE).by_path
    assert space["loss.l1"].range.values() is None
    assert space["model.width"].range.values() == (0.1, 0.4, 0.7)
    assert space["early_stopping.classification.patience"].range.values() == (2, 5, 8)
    assert space["loss.adversarial"].range.values() == ("bce", "wgan-gp")
    assert IntRange(0, 10**12).values() is None  # nobody tries them all


@pytest.mark.parametrize(
    ("range_", "inside", "outside"),
    [
        (FloatRange(1, 3), [1, 2.5, 3.0], [0.9, 3.1, "2", None, True, float("nan"), 10**400]),
        (FloatRange(0, 1, step=0.1), [0.3, 0.1 + 0.2, 1], [0.35]),
        (IntRange(1, 9, step=4), [1, 5, 9.0], [2, 13, 5.5, False, float("inf")]),
        (Choice((1, None, "a")), [1.0, None, "a"], [True, "b", [1]]),
    ],
    ids=str,
)
def test_ranges_contain_what_they_can_give(range_: Any, inside: list[Any], outside: list[Any]):
    assert all(range_.contains(value) for value in inside)
    assert not any(range_.contains(value) for value in outside)
    assert all(range_.distribution()._contains(range_.distribution().to_internal_repr(value)) for value in inside)


def test_ranges_are_told_as_they_are_written():
    told = {path: str(dimension.range) for path, dimension in parse_space(SPACE).by_path.items()}
    assert told["loss.l1"] == "{log: [1, 300]}"
    assert told["model.width"] == "{uniform: [0.1, 0.7], step: 0.3}"
    assert told["loss.critic_steps"] == "{int-log: [1, 100]}"
    assert (told["loss.adversarial"], told["epochs"]) == ("[bce, wgan-gp]", "20")


def test_grid_has_every_point_once_in_the_order_of_the_file():
    space = {"a": ["x", "y"], "b": {"uniform": [0, 1], "step": 0.5}, "c": {"int": [1, 2], "when": {"a": "y"}}, "d": 7}
    expected = [{"a": "x", "b": b, "d": 7} for b in (0, 0.5, 1)]
    expected += [{"a": "y", "b": b, "c": c, "d": 7} for b in (0, 0.5, 1) for c in (1, 2)]
    assert list(parse_space(space).grid()) == expected


@pytest.mark.parametrize("space", [NESTED, BOTH, {"x": {"int": [1, 5]}, "y": ["a", "b"]}, {"x": 1}, {}])
def test_size_is_that_of_the_grid(space: dict[str, Any]):
    parsed = parse_space(space)
    assert parsed.size() == len(list(parsed.grid()))


def test_size_of_a_vast_space_is_counted_without_visiting_it():
    choices = {f"x{number}": [1, 2, 3] for number in range(40)}
    on_them = {f"y{number}": {"int": [1, 10], "when": {f"x{number}": 1}} for number in range(40)}
    assert parse_space(choices | on_them).size() == 12**40  # 10 where x is 1, and one each where it is 2 or 3


def test_continuous_dimensions_have_no_grid():
    space = parse_space({"a": [1, 2], "b": {"uniform": [0, 1], "when": {"a": 1}}, "c": {"log": [1, 2]}})
    assert (space.size(), space.num_combinations(), space.continuous) == (None, 2, ("b", "c"))
    with pytest.raises(SpecError, match=r"space\.b: \{uniform: \[0, 1\]\} has no end of values for a grid"):
        space.grid()


def test_distributions_are_of_the_searched_dimensions_that_exist():
    space = parse_space(SPACE)
    point = draw(SPACE)
    distributions = space.distributions(point)
    assert set(distributions) == set(point) - {"epochs"}
    for path, distribution in distributions.items():
        assert distribution._contains(distribution.to_internal_repr(point[path]))


def test_trial_of_another_space_fits_if_it_is_a_point_of_this_one():
    space = parse_space({**NESTED, "d": {"log": [1, 10]}, "e": 5})
    assert space.fits({"a": "no", "d": 10})
    assert space.fits({"a": "yes", "b": 2, "d": 1})
    for params in (
        {"a": "yes", "d": 1},  # b is missing
        {"a": "no", "b": 2, "d": 1},  # and does not exist here
        {"a": "no", "d": 11},
        {"a": "no", "d": 1, "e": 5},  # not searched
        {},
    ):
        assert not space.fits(params)


def test_conditions_may_be_nested_and_name_several_values():
    corners = list(parse_space(NESTED).corners())
    assert corners == [{"a": "yes", "b": 1}, {"a": "yes", "b": 2, "c": 1}, {"a": "yes", "b": 3, "c": 1}, {"a": "no"}]


def test_all_of_several_conditions_must_hold():
    points = list(parse_space(BOTH).grid())
    assert {(point["a"], point["b"]) for point in points if "c" in point} == {(1, 2)}
    assert len(points) == 3 + 5


def test_what_depends_on_a_dimension_that_does_not_exist_does_not_exist_either():
    # Not even where the value asked for is null, which a missing one must not pass for.
    space = {"a": [1, 2], "b": {"choice": [None, 3], "when": {"a": 1}}, "c": {"choice": [4, 5], "when": {"b": None}}}
    assert list(parse_space(space).grid()) == [
        {"a": 1, "b": None, "c": 4},
        {"a": 1, "b": None, "c": 5},
        {"a": 1, "b": 3},
        {"a": 2},
    ]


def test_corners_have_all_choices_with_numbers_at_both_ends_and_between():
    corners = list(parse_space({"x": {"int": [1, 5]}, "y": ["a", "b"]}).corners())
    assert corners == [{"x": x, "y": y} for y in "ab" for x in (1, 3, 5)]
    stepped = parse_space({"x": {"int": [8, 64], "step": 8}, "y": {"uniform": [0, 0.9], "step": 0.3}})
    assert list(stepped.corners()) == [{"x": 8, "y": 0}, {"x": 32, "y": 0.3}, {"x": 64, "y": 0.9}]


def test_corners_of_a_vast_space_are_a_fixed_sample():
    space = parse_space({f"x{number}": [1, 2, 3, 4] for number in range(30)})
    corners = list(space.corners())
    assert len(corners) == MAX_COMBINATIONS
    assert corners == list(space.corners())


def test_condition_on_a_value_that_cannot_be_is_refused():
    with pytest.raises(SpecError, match=r"depends on a being 'wgan_gp'; it can be \[bce, wgan-gp\]"):
        parse_space({"x": {"uniform": [1, 2], "when": {"a": "wgan_gp"}}, "a": ["bce", "wgan-gp"]})
    with pytest.raises(SpecError, match=r"depends on a being True; it can be \[0, 1\]"):
        parse_space({"x": {"uniform": [1, 2], "when": {"a": True}}, "a": [0, 1]})


def test_only_what_the_sampler_chose_counts_as_searched():
    point = draw(SPACE)
    assert set(parse_space(SPACE).searched(point)) == set(point) - {"epochs"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"unifrom": [1, 2]}, r"no range of the kind 'unifrom'; did you mean uniform\?"),
        ({"log": [1, 2], "int": [1, 2]}, "give one of uniform, log, int, int-log, choice, fixed"),
        ({"log": [0, 2]}, "must be above 0"),
        ({"int-log": [0, 2]}, "must be above 0"),
        ({"uniform": [3, 1]}, "must be below"),
        ({"uniform": 3}, "lowest, highest"),
        ({"uniform": [1, 2, 3]}, "lowest, highest"),
        ({"int": [0.5, 3]}, "whole numbers"),
        ({"int": [0, 2**60]}, "whole numbers, up to"),
        ([], "a list of plain values"),
        ([[1], [2]], "a list of plain values"),
        ([1, float("nan")], "finite numbers"),
        ({"uniform": [1, 2], "when": {"nowhere": 1}}, "depends on nowhere"),
        ({"uniform": [1, 2], "when": "y"}, "`when` is 'y'"),
        ({"choice": [1, 2], "when": {"x": 1}}, "break the circle"),
        ({"uniform": [1, 2], "when": {"x": 1}}, "only a choice can be a condition"),
        ({"log": [1, float("inf")]}, "two finite numbers"),
        ({"log": [1, 10**400]}, "two finite numbers"),
        ({"log": [True, 2]}, "two finite numbers"),
        ({"uniform": "13"}, "give .lowest, highest"),
        ({"log": [1, 100], "step": 2}, "a range of the kind log has no step"),
        ({"choice": [1, 2], "step": 2}, "a range of the kind choice has no step"),
        ({"uniform": [0, 1], "step": 0.3}, r"0\.3, which does not lead from 0 to 1; the next that does is 0\.5"),
        ({"uniform": [0, 0.9], "step": 0.25}, r"the next that does is 0\.3$"),
        ({"int": [8, 64], "step": 10}, r"10, which does not lead from 8 to 64; the next that does is 14"),
        ({"int": [8, 64], "step": 100}, "the next that does is 56"),
        ({"int": [8, 64], "step": 1.5}, "give a whole number above 0"),
        ({"uniform": [0, 1], "step": 0}, "give a number above 0"),
        ({"uniform": [0, 1], "step": 1e-300}, "too small a part of"),
    ],
)
def test_bad_range_is_refused_in_words(entry: Any, words: str):
    with pytest.raises(SpecError, match=words) as caught:
        parse_space({"x": entry})
    assert caught.value.findings[0].at[:2] == ("space", "x")
