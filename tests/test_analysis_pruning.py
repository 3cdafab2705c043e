import math
from collections.abc import Iterable
from pathlib import Path

import pytest
from benchmarks.curves import read_table
from curve_sweeps import write_curve_sweep
from made_trials import made_sweep, made_trial

from analysis.effects.doubts import doubts
from analysis.effects.foresight import foresight
from analysis.effects.pruning import pruning
from analysis.effects.sample import Samples, samples
from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.pruning import pruning_section
from search.pareto import minimised
from search.records import Sweep, Trial, read_sweep

SPACE = {"x": {"uniform": [0, 1]}, "c": ["plain", "good"]}
OBJECTIVES = {"fid": "min", "accuracy": "max"}


def point(fid: float, accuracy: float = 0.5) -> dict[str, float]:
    return {"fid": fid, "accuracy": accuracy}


def complete() -> list[Trial]:
    """Six good ones at the low end, six poor ones at the high end; at first they are alike."""
    good = [made_trial(n, [point(50), point(10 + n / 10)], {"x": n / 100, "c": "good"}) for n in range(6)]
    poor = [made_trial(n, [point(50 + n), point(40 + n)], {"x": 1 - n / 100, "c": "plain"}) for n in range(6, 12)]
    return good + poor


def pruned(number: int, x: float, option: str) -> Trial:
    return made_trial(number, [point(51)], {"x": x, "c": option}, "pruned", epochs=4)


def samples_of(sweep: Sweep) -> Samples:
    return samples(sweep, rank(sweep))


def test_what_would_have_ended_behind_the_front_is_not_doubted():
    sweep = made_sweep([*complete(), pruned(12, 0.0, "good"), pruned(13, 1.0, "plain")], SPACE)

    found = doubts(samples_of(sweep), OBJECTIVES)

    assert found
    assert (found.num_judged, found.found) == (2, ())  # 10.2 on average, where 10 has been reached


def test_doubts_name_the_neighbours_and_what_they_promise():
    trials = [made_trial(n, [point(50), point(10, 0.7)], {"x": n / 100, "c": "good"}) for n in range(6)]
    trials += [made_trial(n, [point(50), point(40)], {"x": 1 - n / 100, "c": "plain"}) for n in range(6, 12)]
    sweep = made_sweep([*trials, pruned(12, 0.0, "good"), pruned(13, 1.0, "plain")], SPACE)

    found = doubts(samples_of(sweep), OBJECTIVES)

    assert found
    (doubt,) = found.found
    assert (doubt.trial.number, [trial.number for trial in doubt.neighbours]) == (12, [0, 1, 2, 3, 4])
    assert doubt.predicted == pytest.approx({"fid": 10, "accuracy": 0.7})
    assert found.errors == pytest.approx({"fid": 0, "accuracy": 0})


def test_too_few_complete_trials_judge_nobody():
    sweep = made_sweep([*complete()[:9], pruned(12, 0.0, "good")], SPACE)
    assert doubts(samples_of(sweep), OBJECTIVES) is None


def test_foresight_is_the_rank_correlation_with_the_end():
    # At epoch 1 the order of the end, at epoch 2 the reverse, at epoch 3 all alike.
    trials = [made_trial(n, [point(n**2), point(-n), point(7), point(n)], {"x": 0.5, "c": "good"}) for n in range(12)]

    first, second = foresight(samples_of(made_sweep(trials, SPACE)).end, "fid")

    assert (first.epoch, first.num_trials, first.correlation) == (1, 12, pytest.approx(1))
    assert (second.epoch, second.correlation) == (2, pytest.approx(-1))


def test_the_interval_of_a_rank_correlation():
    # Swapping neighbours: Σ d² = 10, so ρ = 1 − 6 · 10 / (10 · 99).
    early = [n + 1 if n % 2 == 0 else n - 1 for n in range(10)]
    trials = [made_trial(n, [point(early[n]), point(n)], {"x": 0.5, "c": "good"}) for n in range(10)]

    (found,) = foresight(samples_of(made_sweep(trials, SPACE)).end, "fid")

    rho = 1 - 60 / 990
    half = 1.96 * math.sqrt((1 + rho**2 / 2) / 7)
    z = 0.5 * math.log((1 + rho) / (1 - rho))
    assert found.correlation == pytest.approx(rho)
    assert (found.low, found.high) == pytest.approx((math.tanh(z - half), math.tanh(z + half)))


def test_pruning_counts_what_it_saved_and_where():
    sweep = made_sweep([*complete(), pruned(12, 0.0, "good"), pruned(13, 1.0, "plain")], SPACE)

    found = pruning(sweep, samples_of(sweep), OBJECTIVES)

    assert found
    assert found.pruned_at == {1: 2}
    assert (found.saved.epochs, found.saved.epochs_planned, found.saved.seconds) == (6, 8, 60)


def test_without_pruning_there_is_no_section():
    sweep = made_sweep(complete(), SPACE)
    assert pruning_section(Subject(sweep, rank(sweep), 5)) is None


def test_the_section_says_how_telling_the_busiest_epoch_is():
    sweep = made_sweep([*complete(), pruned(12, 0.0, "good")], SPACE)

    section = pruning_section(Subject(sweep, rank(sweep), 5))

    assert section
    assert section.content["where"] == "1 after epoch 1"
    assert section.content["foresight"][0].startswith("FID (N not recorded) after epoch 1: ")
    assert section.content["time"] == "training"


def test_doubts_about_recorded_curves_are_right_more_often_than_chance(tmp_path: Path):
    sweep = read_sweep(write_curve_sweep(tmp_path / "curves"))
    ends = {curve.number: curve.at(len(curve.seconds)) for curve in read_table()[1]}
    front = minimised([one.metrics for one in rank(sweep).front], sweep.record.objectives)

    def wronged(trials: Iterable[Trial]) -> int:
        """How many would really have ended on the front or beyond it."""
        points = minimised([ends[trial.number] for trial in trials], sweep.record.objectives)
        return sum(not ((front <= point).all(axis=1) & (front < point).any(axis=1)).any() for point in points)

    found = doubts(samples_of(sweep), sweep.record.objectives)

    assert found
    assert (len(found.found), found.num_judged) == (16, 183)
    assert wronged(doubt.trial for doubt in found.found) == 3
    assert wronged(trial for trial in sweep.trials if trial.state.state == "pruned") == 10
