"""Two trials that are one training count as one configuration, in everything that the report says."""

from pathlib import Path

import pytest
from made_trials import made_sweep, made_trial
from recorded_sweeps import write_sweep
from seeded_sweeps import write_run

from analysis.certainty.repeats import groups
from analysis.certainty.verdict import verdict
from analysis.effects.choices import choice_effects
from analysis.effects.sample import samples
from analysis.ranking.rank import rank
from search.records import Trial, read_sweep

SPACE = {"width": {"uniform": [0, 1]}, "loss": ["bce", "lsgan"]}


def trained(number: int, accuracy: float, width: float, **changes: object) -> Trial:
    changes = {"seed": 0} | changes
    return made_trial(number, [{"accuracy": accuracy}], {"width": width}, width=width, **changes)  # type: ignore[arg-type]


def test_the_first_is_ranked_and_the_others_are_named_beside_it():
    trials = [trained(0, 0.7, 0.5), trained(1, 0.8, 0.1), trained(2, 0.8, 0.1), trained(3, 0.81, 0.1)]

    ranking = rank(made_sweep(trials[::-1], SPACE, {"accuracy": "max"}))

    assert [one.trial.number for one in ranking.ranked] == [1, 0]
    assert [(one.trial.number, one.reason) for one in ranking.unranked] == [
        (2, "the same training as trial 1"),
        (3, "the same training as trial 1"),
    ]


def test_another_seed_is_another_training():
    ranking = rank(made_sweep([trained(0, 0.7, 0.5), trained(1, 0.7, 0.5, seed=1)], SPACE, {"accuracy": "max"}))
    assert len(ranking.ranked) == 2


def test_a_twin_stands_in_for_one_that_is_not_complete_or_was_measured_otherwise():
    twins = [trained(0, 0.7, 0.5, state="failed"), trained(1, 0.7, 0.5)]
    assert [one.trial.number for one in rank(made_sweep(twins, SPACE, {"accuracy": "max"})).ranked] == [1]

    metrics, config = [{"fid": 20.0}], {"seed": 0}
    images = [32, 64, 64]
    trials = [made_trial(number, metrics, fid_images=images[number], **config) for number in range(3)]
    ranking = rank(made_sweep(trials, SPACE, {"fid": "min"}))
    assert [one.trial.number for one in ranking.ranked] == [1]
    assert [one.reason.split(",")[0] for one in ranking.unranked] == [
        "measured unlike most trials",
        "the same training as trial 1",
    ]


def test_the_verdict_does_not_compare_a_trial_with_itself():
    trials = [trained(0, 0.9, 0.5), trained(1, 0.9, 0.5), trained(2, 0.6, 0.1)]
    sweep = made_sweep(trials, SPACE, {"accuracy": "max"})
    sweep.record.data["val"] = {"num_samples": 400}

    best, counts, doubt = verdict(sweep, rank(sweep))

    assert best == "Trial 0 is ranked first of 2, with accuracy 90.0 %."
    assert counts == "Of 3 trials: 3 complete."
    assert "trials 0 and 2, are 30.0 points apart" in doubt


def test_effects_count_it_once():
    trials = [
        made_trial(number, [{"fid": 5.0 + number % 2}], {"width": number / 20, "loss": ["bce", "lsgan"][number % 2]})
        for number in range(14)
    ]
    one = trials[1]
    trials += [made_trial(number, [{"fid": 6.0}], one.params, **one.config) for number in range(14, 40)]
    sweep = made_sweep(trials, SPACE, {"fid": "min"})

    found = samples(sweep, rank(sweep))

    assert (len(found.usable), len(found.end), found.num_left_out) == (14, 14, 26)
    (effect,) = choice_effects(found, found.stages)
    assert [option.num_tried for option in effect.options] == [7, 7]


@pytest.fixture
def repeated(tmp_path: Path) -> Path:
    """Trials 0 and 1 are one training, and each was repeated with seeds 1 and 2."""
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number in (0, 1):
        write_run(folder, number, {"fid": 18.0}, {"seed": 0})
    for number, (original, seed, fid) in enumerate([(0, 1, 20.0), (0, 2, 21.0), (1, 1, 20.0), (1, 2, 21.5)], start=2):
        write_run(folder, number, {"fid": fid}, {"seed": seed}, repeat_of=original)
    return folder


def test_repeats_of_both_are_runs_of_one_configuration(repeated: Path):
    write_run(repeated, 6, {"fid": 25.0}, {"seed": 3}, repeat_of=1)
    sweep = read_sweep(repeated)
    ranking = rank(sweep)

    (group,) = groups(sweep, ranking)

    assert (group.number, group.values("fid")) == (0, [20.0, 21.0, 25.0])
    assert {one.trial.number: one.reason for one in ranking.unranked} == {
        1: "the same training as trial 0",
        4: "the same training as trial 2",
        5: "the same training as trial 3",
    }
