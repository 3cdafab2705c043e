import json

import numpy as np
import optuna
import pytest
from made_trials import made_sweep, made_trial

from analysis.effects.importance import enough, fanova, ped_anova
from analysis.effects.sample import Samples, samples
from analysis.effects.scaled_space import Array, ScaledSpace
from analysis.effects.surrogate import Surrogate
from analysis.ranking.rank import rank
from analysis.report import section as report_section
from analysis.report.section import Subject
from analysis.report.sections.importance import importance_section
from analysis.report.sections.marginals import marginals_section
from search.records import Sweep

SPACE = {
    "a": {"uniform": [0, 1]},
    "b": {"log": [1, 1e6]},
    "c": ["x", "y"],
    "d": {"uniform": [0, 1], "when": {"c": "y"}},
}


def sweep_of(weights: dict[str, float], num_trials: int = 120, keep: float = 1.0) -> Sweep:
    """fid = Σ weight · position; those with the lowest share `keep` complete, the others pruned after an epoch."""
    draw = np.random.default_rng(0)
    points = [
        {"a": draw.random(), "b": draw.random(), "c": draw.integers(2), "d": draw.random()} for _ in range(num_trials)
    ]
    fids = [sum(weights[name] * float(point[name]) for name in weights) for point in points]
    bound = np.quantile(fids, keep)
    trials = []
    for number, (point, fid) in enumerate(zip(points, fids, strict=True)):
        params = {"a": float(point["a"]), "b": 1e6 ** float(point["b"]), "c": "xy"[point["c"]]}
        params |= {"d": float(point["d"])} if point["c"] else {}
        values = [{"fid": fid + 10}, {"fid": fid}] if fid <= bound else [{"fid": fid + 10}]
        trials.append(made_trial(number, values, params, "complete" if fid <= bound else "pruned"))
    return made_sweep(trials, SPACE, {"fid": "min"})


def samples_of(sweep: Sweep) -> Samples:
    return samples(sweep, rank(sweep))


def test_fanova_divides_the_variance():
    found = samples_of(sweep_of({"a": 1.0, "b": 2.0}))

    importances = fanova(found.space, found.end, "fid")

    assert importances
    assert importances.num_trials == 120
    # Of evenly spread a and b the variances of a and 2b are as 1 to 4, on the scale that b is searched on.
    means = {path: one.mean for path, one in importances.by_path.items()}
    assert means == pytest.approx({"a": 0.2, "b": 0.8, "c": 0.0}, abs=0.06)
    assert all(one.low <= one.mean <= one.high for one in importances.by_path.values())


def test_ped_anova_finds_what_the_best_have_in_common_among_the_pruned_too():
    found = samples_of(sweep_of({"a": 1.0, "b": 0.05}, keep=0.3))

    importances = ped_anova(found, "fid", "min")

    assert importances
    assert (importances.num_trials, importances.num_best) == (120, 12)
    assert max(importances.by_path, key=lambda path: importances.by_path[path].mean) == "a"
    assert "d" in importances.by_path
    assert sum(one.mean for one in importances.by_path.values()) == pytest.approx(1)


def test_too_few_trials_have_no_importances():
    found = samples_of(sweep_of({"a": 1.0}, num_trials=9))
    assert fanova(found.space, found.end, "fid") is None
    assert ped_anova(found, "fid", "min") is None
    assert [enough(10, 5), enough(11, 6), enough(9, 1)] == [True, False, False]


def test_optuna_says_afterwards_what_it_was_asked_to_say():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.DEBUG)
    try:
        found = samples_of(sweep_of({"a": 1.0}, num_trials=30))
        assert fanova(found.space, found.end, "fid")
        assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
    finally:
        optuna.logging.set_verbosity(before)


def test_one_value_of_all_has_no_importances():
    found = samples_of(sweep_of({"a": 0.0}))
    assert fanova(found.space, found.end, "fid") is None


def subject_of(sweep: Sweep) -> Subject:
    return Subject(sweep, rank(sweep), 5)


def test_the_section_says_why_a_figure_is_missing():
    section = importance_section(subject_of(sweep_of({"a": 1.0}, num_trials=7)))
    assert section
    assert section.content["figures"] == {}
    assert section.content["missing"] == [
        "FID (N not recorded): no fANOVA at the end, since 7 trials are too few for 4 parameters.",
        "FID (N not recorded): no PED-ANOVA, since too few trials have ended, too few are complete, or all are alike.",
    ]
    assert section.content["with_conditions"] == ["d"]


def test_nothing_complete_or_nothing_searched_has_no_section():
    assert importance_section(subject_of(made_sweep([], SPACE))) is None
    assert importance_section(subject_of(made_sweep([made_trial(0, [{"fid": 1.0, "accuracy": 1.0}])]))) is None
    assert marginals_section(subject_of(made_sweep([], SPACE))) is None


def test_forests_are_fitted_once_for_all_sections(monkeypatch: pytest.MonkeyPatch):
    fitted: list[int] = []
    fit = report_section.fit_surrogate

    def counting(space: ScaledSpace, points: Array, values: Array) -> Surrogate:
        fitted.append(len(values))
        return fit(space, points, values)

    monkeypatch.setattr(report_section, "fit_surrogate", counting)
    subject = subject_of(sweep_of({"a": 1.0, "b": 1.0}, 50, 0.8))
    assert importance_section(subject)
    assert marginals_section(subject)
    assert sorted(fitted) == [40, 50]  # at the end and early


def test_the_same_trials_give_the_same_figures():
    first, second = (
        [make(subject_of(sweep_of({"a": 1.0, "b": 1.0}, 50, 0.4))) for make in (importance_section, marginals_section)]
        for _ in range(2)
    )
    assert all(first)
    assert json.dumps([one.content for one in first if one]) == json.dumps([one.content for one in second if one])


def test_marginals_are_of_the_parameters_that_move_the_objective_most():
    section = marginals_section(subject_of(sweep_of({"a": 1.0, "b": 2.0})))
    assert section
    assert list(section.content["figures"])[:2] == [
        "FID (N not recorded) along b",
        "FID (N not recorded) along a",
    ]
    assert (section.content["when"], section.content["num_trials"]) == ("at the end", 120)
