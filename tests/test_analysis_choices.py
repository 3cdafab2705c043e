import numpy as np
import pytest
from made_trials import made_sweep, made_trial

from analysis.effects.choices import FEWEST_OF_OPTION, ChoiceEffect, choice_effects
from analysis.effects.sample import samples
from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.choices import choices_section
from search.records import Sweep, Trial

SPACE = {"x": {"uniform": [0, 1]}, "c": ["plain", "good", "rare"]}
BETTER = {"plain": 0.0, "good": -1.0, "rare": 0.0}


def favoured(noise: float = 0.0) -> list[Trial]:
    """fid = 5x − 1 if good; the sampler has given the plain option the low x, where the objective is better."""
    draw = np.random.default_rng(0)
    trials = []
    for number in range(40):
        option = "good" if number < 15 else "plain" if number < 38 else "rare"
        x = float(draw.random() / 2 + (0.5 if option == "good" else 0.0))
        fid = 5 * x + BETTER[option] + noise * float(draw.standard_normal())
        trials.append(made_trial(number, [{"fid": fid}], {"x": x, "c": option}))
    return trials


def effects_of(sweep: Sweep) -> list[ChoiceEffect]:
    found = samples(sweep, rank(sweep))
    return choice_effects(found, found.stages)


def test_a_difference_is_adjusted_for_where_the_sampler_looked():
    (effect,) = effects_of(made_sweep(favoured(), SPACE, {"fid": "min"}))

    plain, good, rare = (option.stages[0] for option in effect.options)
    assert effect.options[effect.reference].value == "plain"
    assert good.mean["fid"] > plain.mean["fid"]  # which is the wrong way round
    difference = good.differences["fid"]
    assert (difference.adjusted, difference.low, difference.high) == pytest.approx((-1, -1, -1))
    assert difference.is_clear
    assert (plain.differences, rare.differences, rare.num_trials) == ({}, {}, 2)


NESTED = {"c1": ["x", "y"], "c2": {"choice": ["a", "b"], "when": {"c1": "y"}}}


def test_a_choice_with_another_one_under_it_keeps_its_whole_effect():
    """fid is 3 more with y, whichever option of c2."""
    trials = [
        made_trial(n, [{"fid": 3.0 * (n % 2)}], {"c1": "y", "c2": "ab"[n // 2 % 2]} if n % 2 else {"c1": "x"})
        for n in range(40)
    ]

    by_path = {effect.path: effect for effect in effects_of(made_sweep(trials, NESTED, {"fid": "min"}))}

    (change,) = (found["fid"].adjusted for o in by_path["c1"].options if (found := o.stages[0].differences))
    assert abs(change) == pytest.approx(3)


def test_choices_that_always_go_together_are_not_told_apart():
    space = {"c1": ["x", "y"], "c2": ["a", "b"]}
    trials = [made_trial(n, [{"fid": 4.0 * (n % 2)}], {"c1": "xy"[n % 2], "c2": "ab"[n % 2]}) for n in range(40)]

    found = effects_of(made_sweep(trials, space, {"fid": "min"}))

    assert not any(option.stages[0].differences for effect in found for option in effect.options)


def test_the_interval_grows_with_the_noise():
    (effect,) = effects_of(made_sweep(favoured(noise=3.0), SPACE, {"fid": "min"}))

    difference = effect.options[1].stages[0].differences["fid"]

    assert difference.low < difference.adjusted < difference.high
    # Of two independent groups of 15 and 23 with a standard deviation of 3 it would be ±1.96 · 3 · √(1/15 + 1/23) at
    # least; that one option has the high x and the other the low ones makes it wider.
    assert difference.high - difference.low > 2 * 1.95


def test_pruned_trials_are_compared_early_and_counted():
    trials = favoured()
    trials += [
        made_trial(number, [{"fid": 5 * 0.5 + BETTER["rare"] + number % 2}], {"x": 0.5, "c": "rare"}, "pruned")
        for number in range(40, 45)
    ]
    trials += [made_trial(45, [], {"x": 0.5, "c": "rare"}, "diverged")]

    (effect,) = effects_of(made_sweep(trials, SPACE, {"fid": "min"}))

    rare = effect.options[2]
    assert (rare.num_tried, rare.num_complete, rare.num_pruned, rare.num_broken) == (8, 2, 5, 1)
    early, end = rare.stages
    assert (early.num_trials, end.num_trials) == (7, 2)
    assert "fid" in early.differences
    assert end.differences == {}


def test_an_option_of_few_trials_is_in_the_table_and_not_in_the_figure():
    trials = favoured(noise=1.0)
    trials += [made_trial(n, [{"fid": 2.0 + n % 3}], {"x": n / 50, "c": "rare"}) for n in range(40, 43)]
    sweep = made_sweep(trials, SPACE, {"fid": "min"})

    section = choices_section(Subject(sweep, rank(sweep), 5))

    assert section
    assert FEWEST_OF_OPTION == 6
    assert [row.cells[0].text.split(" ")[0] for row in section.content["rows"]][::2] == ["compared", "too"]
    assert section.content["rows"][2].cells[0].note.endswith(" of 5")
    (figure,) = section.content["figures"].values()
    assert [line for trace in figure["data"] for line in trace["y"]] == ["c<br>good against plain"]


def test_an_option_alone_is_no_choice():
    trials = [made_trial(number, [{"fid": 1.0}], {"x": 0.5, "c": "plain"}) for number in range(12)]
    sweep = made_sweep(trials, SPACE, {"fid": "min"})
    assert effects_of(sweep) == []
    assert choices_section(Subject(sweep, rank(sweep), 5)) is None


def test_the_table_says_shares_in_points():
    trials = [
        made_trial(
            number, [{"accuracy": 0.5 + 0.1 * (number % 2)}], {"x": number / 20, "c": ["plain", "good"][number % 2]}
        )
        for number in range(20)
    ]
    sweep = made_sweep(trials, SPACE, {"accuracy": "max"})
    section = choices_section(Subject(sweep, rank(sweep), 5))
    assert section
    plain, good, rare = section.content["rows"]
    assert plain.cells[0].text == "compared with"
    assert good.cells[0].text.startswith("+10.0")
    assert good.cells[0].clear
    assert good.cells[0].note == "mean 60.0 % of 10"
    assert (rare.counts, rare.cells[0].text) == ((0, 0, 0, 0), "–")


def test_what_is_the_same_for_all_differs_by_nothing():
    trials = [
        made_trial(number, [{"fid": 0.1}], {"x": number / 30, "c": ["plain", "good"][number % 2]})
        for number in range(30)
    ]
    (effect,) = effects_of(made_sweep(trials, SPACE, {"fid": "min"}))
    difference = effect.options[1].stages[0].differences["fid"]
    assert (difference.adjusted, difference.low, difference.high, difference.is_clear) == (0, 0, 0, False)
