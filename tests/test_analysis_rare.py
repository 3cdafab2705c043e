"""What real sweeps have now and then: numbers that are none, parameters that hardly any trial has, odd epochs."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from re import findall
from typing import Any

import numpy as np
import pytest
from made_trials import made_sweep, made_trial

from analysis.effects.choices import choice_effects
from analysis.effects.doubts import doubts
from analysis.effects.foresight import foresight
from analysis.effects.importance import ped_anova
from analysis.effects.pruning import pruning
from analysis.effects.sample import samples
from analysis.effects.surrogate import fit_surrogate, marginal
from analysis.ranking.rank import rank
from analysis.ranking.rule import Rule
from analysis.report import page
from analysis.report.section import Subject
from search.records import State, Sweep, Trial
from search.spec.constraints import parse_constraints

SPACE = {
    "loss.l1": {"log": [1, 100]},
    "kind": ["plain", "rare"],
    "under": {"uniform": [0, 1], "when": {"kind": "rare"}},
}
TWO = {"fid": "min", "accuracy": "max"}
STRANGE = (math.nan, math.inf, -math.inf)


def params(x: float, *, rare: bool) -> dict[str, Any]:
    return {"loss.l1": 100**x, "kind": "rare", "under": x} if rare else {"loss.l1": 100**x, "kind": "plain"}


def strange_trials() -> list[Trial]:
    """Every third is pruned, some before anything was measured; one in nine has the rare option."""
    draw, trials = np.random.default_rng(0), []
    for number in range(45):
        x, rare = float(draw.random()), number % 9 == 4
        curve = [{"fid": 30 + x - epoch, "accuracy": 0.4 + x / 5 + epoch / 20} for epoch in range(1, 5)]
        if number % 7 == 0:
            curve[1] = {"fid": STRANGE[number % 3], "accuracy": math.nan}
        if number % 11 == 5:
            curve[-1] = {"accuracy": STRANGE[number % 3], "psnr": math.inf}
        state: State = "pruned" if number % 3 == 0 else "diverged" if number % 13 == 7 else "complete"
        kept = 0 if number % 12 == 0 else number % 4 if state == "pruned" else 4
        config = {"epochs": 4, "early_stopping": {"colorization": {"metric": "fid"}}}
        trial = made_trial(number, curve[:kept], params(x, rare=rare), state, gpu_seconds=5.0, **config)
        trials.append(at_epochs(trial, [0.4, 1.0, 1.6666666667, 2.5]))
    return trials


def at_epochs(trial: Trial, epochs: list[float]) -> Trial:
    found = [
        evaluation.model_copy(update={"epoch": epoch})
        for evaluation, epoch in zip(trial.evaluations, epochs, strict=False)
    ]
    return replace(trial, evaluations=tuple(found))


@pytest.fixture(scope="module")
def strange() -> Sweep:
    return made_sweep(strange_trials(), SPACE, TWO)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [Rule(), Rule.parse("accuracy >= 0.99, then fid", "best-joint"), Rule.parse("knee")])
def test_every_figure_of_a_page_is_json(strange: Sweep, rule: Rule):
    subject = Subject(strange, rank(strange, rule), 5)
    assert subject.ranking.ranked

    figures = findall("data-figure='([^']*)'", page.render(subject))

    assert len(figures) > 8
    for figure in figures:
        json.loads(unescape(figure), parse_constant=pytest.fail)


def test_a_parameter_that_hardly_any_trial_has_is_left_out_where_it_has_no_average(strange: Sweep):
    found = samples(strange, rank(strange))
    space, end = found.space, found.end
    never = replace(space, axes=tuple(replace(a, when=(("kind", (9.0,)),)) if a.when else a for a in space.axes))

    surrogate = fit_surrogate(never, end.points, end.values["fid"])

    assert np.isnan(marginal(surrogate, 2).mean).all()
    assert np.isfinite(marginal(surrogate, 0).mean).all()


def test_importances_and_choices_stand_an_option_of_three_trials():
    trials = [
        made_trial(n, [{"fid": n + 1.0, "accuracy": 0.5}], params(n / 40, rare=n in (3, 20, 30))) for n in range(40)
    ]
    sweep = made_sweep(trials, SPACE, TWO)
    found = samples(sweep, rank(sweep))

    importances = ped_anova(found, "fid", "min")
    (effect,) = choice_effects(found, found.stages)

    assert importances
    assert all(math.isfinite(one.mean) for one in importances.by_path.values())
    assert max(importances.by_path, key=lambda path: importances.by_path[path].mean) == "loss.l1"
    assert [option.stages[0].num_trials for option in effect.options] == [37, 3]
    assert not any(option.stages[0].differences for option in effect.options)


def test_parts_of_epochs_are_stages_of_their_own():
    # At two thirds of an epoch, which no float is exactly, the order is that of the end.
    trials = [
        at_epochs(
            made_trial(n, [{"fid": 50.0 + n, "accuracy": 0.1}, {"fid": 10.0 + n, "accuracy": 0.2}], {}, epochs=2),
            [2 / 3 + n * 1e-12, 4 / 3],
        )
        for n in range(12)
    ]
    trials += [
        at_epochs(made_trial(n, [{"fid": 70.0, "accuracy": 0.1}], {}, "pruned", epochs=2), [2 / 3])
        for n in range(12, 16)
    ]
    sweep = made_sweep(trials, {}, TWO)
    found = samples(sweep, rank(sweep))

    assert found.early
    assert (len(found.early), found.early.when) == (16, "after epoch 0.67")
    (stage,) = foresight(found.end, "fid")
    assert (stage.num_trials, stage.correlation) == (12, pytest.approx(1))
    done = pruning(sweep, found, TWO)
    assert done
    assert done.pruned_at == {0.666667: 4}
    assert done.saved.epochs == pytest.approx(4 * (2 - 2 / 3))


def test_what_was_pruned_before_it_was_measured_is_counted_and_judges_nothing():
    trials = [made_trial(n, [{"fid": 10.0 + n, "accuracy": 0.5}], params(0.5, rare=False)) for n in range(12)]
    trials += [made_trial(n, [], params(0.4, rare=False), "pruned", epochs=3) for n in range(12, 15)]
    sweep = made_sweep(trials, SPACE, TWO)

    found = pruning(sweep, samples(sweep, rank(sweep)), TWO)

    assert found
    assert (found.num_pruned, found.pruned_at, found.saved.num_trials, found.doubts) == (3, {}, 0, None)


def doubted(bound: str, fids: Mapping[int, float]) -> list[int] | None:
    """Pruned trials in doubt; there are 12 complete ones with the FID that belongs to their half of the space."""
    trials = [
        made_trial(
            n, [{"fid": 50.0, "accuracy": 0.5}, {"fid": fids[n % 2], "accuracy": 0.5}], params(n % 2, rare=False)
        )
        for n in range(12)
    ]
    trials += [
        made_trial(12 + half, [{"fid": 50.0, "accuracy": 0.5}], params(half, rare=False), "pruned") for half in (0, 1)
    ]
    sweep = made_sweep(trials, SPACE, TWO)
    found = doubts(samples(sweep, rank(sweep)), TWO, parse_constraints((bound,)))
    return [doubt.trial.number for doubt in found.found] if found else None


def test_doubts_keep_to_the_constraints():
    fids = {0: 10.0, 1: 20.0}
    assert doubted("fid <= 30", fids) == [12]  # 13 promises what is dominated
    assert doubted("fid <= 15", fids) == [12]
    assert doubted("fid <= 5", fids) == []  # nobody has met it, nobody would have
    assert doubted("psnr >= 20", fids) == [12, 13]  # which nobody has, so that there is no front to be behind


def test_an_evaluation_whose_joint_error_is_no_number_is_not_the_best_joint_one():
    early_stopping = {"colorization": {"metric": "kid"}}
    curve = [{"kid": 0.02}, {"kid": math.nan}, {"kid": 0.01}, {"kid": math.inf}, {"kid": 0.03}]
    trial = made_trial(0, curve, early_stopping=early_stopping)
    ranking = rank(made_sweep([trial], {}, {"kid": "min"}), Rule.parse(counts="best-joint"))
    assert [one.evaluation.epoch for one in ranking.ranked] == [3]


def test_a_kid_below_zero_is_as_good_as_none_and_the_latest_counts():
    curve = [{"kid": -0.002}, {"kid": 0.01}, {"kid": -0.001}, {"kid": 0.02}]
    trial = made_trial(0, curve, early_stopping={"colorization": {"metric": "kid"}})
    ranking = rank(made_sweep([trial], {}, {"kid": "min"}), Rule.parse(counts="best-joint"))
    assert [one.evaluation.epoch for one in ranking.ranked] == [3]


def test_no_finite_evaluation_is_none_that_counts():
    trial = made_trial(0, [{"fid": math.nan}], early_stopping={"colorization": {"metric": "fid"}})
    ranking = rank(made_sweep([trial], {}, {"fid": "min"}), Rule.parse(counts="best-joint"))
    assert [one.reason for one in ranking.unranked] == [
        "complete, but which of its evaluations is the best joint one is not known"
    ]
