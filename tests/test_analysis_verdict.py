from pathlib import Path
from shutil import rmtree

import pytest
from recorded_sweeps import write_sweep, write_trial
from scipy.stats import ttest_ind
from seeded_sweeps import write_run

from analysis.certainty.verdict import verdict
from analysis.ranking.rank import rank
from analysis.ranking.rule import Rule
from search.records import read_sweep, trial_folder

UNKNOWN = "Each configuration ran with one seed, so how much of the differences is chance is not known"


def said(folder: Path) -> list[str]:
    sweep = read_sweep(folder)
    return verdict(sweep, rank(sweep))


def test_close_accuracies_cannot_be_told_apart(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400, "fid_images": 1500})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.80}])
    write_trial(folder, 1, [{"fid": 20.0, "accuracy": 0.79}])
    write_trial(folder, 2, [{"fid": 90.0, "accuracy": 0.10}], "pruned")

    assert said(folder) == [
        "Trial 1 is ranked first of 2, with FID (N = 1,500) 20.00 (the best) and accuracy 79.0 %; trial 0 has the best "
        "accuracy, 80.0 %; 2 trials form the Pareto front.",
        "Of 3 trials: 2 complete, 1 pruned.",
        f"{UNKNOWN}; the first two by accuracy, trials 0 and 1, cannot be told apart: they are 1.0 points apart "
        "(95 % interval −4.6 to 6.6 points), which the choice of the 400 photos alone can explain.",
    ]


def test_a_lead_beyond_the_choice_of_photos(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.8}])
    write_trial(folder, 1, [{"fid": 40.0, "accuracy": 0.7}])

    winner, _, doubt = said(folder)

    assert winner == (
        "Trial 0 is ranked first of 2, with FID (N not recorded) 30.00 (the best) and accuracy 80.0 % (the best); "
        "1 trial forms the Pareto front."
    )
    assert doubt == (
        f"{UNKNOWN}; the first two by accuracy, trials 0 and 1, are 10.0 points apart "
        "(95 % interval 4.0 to 15.9 points), more than the choice of the 400 photos alone explains."
    )


def test_fid_of_one_run_each_says_nothing_of_chance(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    write_trial(folder, 0, [{"fid": 30.0}])
    write_trial(folder, 1, [{"fid": 20.0}])

    assert said(folder)[-1] == f"{UNKNOWN}."


def test_kid_has_an_interval_of_its_own(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"kid": "min"}, val={"num_samples": 400, "fid_images": 64})
    write_run(folder, 0, {"kid": 0.020}, details={"kid_low": 0.017, "kid_high": 0.023})
    write_run(folder, 1, {"kid": 0.030}, details={"kid_low": 0.026, "kid_high": 0.034})

    assert said(folder)[-1].endswith(
        "trials 0 and 1, are 0.01 apart (95 % interval 0.005 to 0.015), "
        "more than the choice of the 64 photos alone explains."
    )


def test_says_when_the_number_of_photos_is_unknown(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"sha256": "0"})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.8}])

    winner, _, doubt = said(folder)

    assert winner.startswith("Trial 0 is the only one ranked, with FID")
    assert doubt == f"{UNKNOWN}; the number of photos behind accuracy is not recorded either."


def test_names_all_that_share_the_first_place(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"psnr": "max"})
    for number in range(3):
        write_trial(folder, number, [{"psnr": 24.0}])

    assert said(folder)[0] == "Trials 0, 1 and 2 of 3 ranked share the first place, with PSNR 24.00."


def test_says_that_nothing_has_completed(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    assert said(folder) == ["No trial has completed yet, so nothing is ranked.", "No trial has started."]

    write_trial(folder, 0, [], "running")
    assert said(folder)[1] == "Of 1 trial: 1 running."


@pytest.fixture
def repeated(tmp_path: Path) -> Path:
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400, "fid_images": 1500})
    write_run(folder, 0, {"fid": 18.0, "accuracy": 0.80})
    write_run(folder, 1, {"fid": 20.0, "accuracy": 0.79})
    for number, (original, fid, accuracy) in enumerate(
        [(0, 24.0, 0.80), (0, 24.2, 0.79), (0, 24.4, 0.81), (1, 20.1, 0.78), (1, 20.4, 0.80), (1, 20.6, 0.79)], start=2
    ):
        write_run(folder, number, {"fid": fid, "accuracy": accuracy}, repeat_of=original)
    return folder


def test_new_seeds_decide_who_is_best(repeated: Path):
    winner, counts, _ = said(repeated)

    assert winner == (
        "Of 2 configurations trained with several seeds, that of trial 1 is first by its means (Pareto front, "
        "then FID, then accuracy) with FID (N = 1,500) 20.37 ± 0.25 and accuracy 79.0 ± 1.0 % (mean ± standard "
        "deviation of 3 seeds); that of trial 0 has the best accuracy, 80.0 ± 1.0 %; by one "
        "run each, trial 0 is ranked first."
    )
    assert counts == "Of 2 trials: 2 complete; of 6 with new seeds: 6 complete."


def test_one_new_seed_each_is_too_few_to_tell(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number, (fid, original) in enumerate([(18.0, None), (20.0, None), (19.0, 0), (21.0, 1)]):
        write_run(folder, number, {"fid": fid}, repeat_of=original)
    assert said(folder)[-1].startswith("No configuration has two new seeds that count, so how much of")


def test_the_first_two_are_compared_by_welchs_test(repeated: Path):
    welch = ttest_ind([24.0, 24.2, 24.4], [20.1, 20.4, 20.6], equal_var=False).confidence_interval()

    assert said(repeated)[-1] == (
        "Of the first two by their means, trials 1 and 0, trial 1 is better in FID by 3.83 "
        f"(95 % interval {welch.low:.3g} to {welch.high:.3g}); in accuracy they cannot be told apart."
    )


def test_one_repeated_configuration_is_told_beside_the_ranking(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number, fid in enumerate([18.0, 20.0]):
        write_run(folder, number, {"fid": fid})
    for number, fid in enumerate([21.0, 22.0], start=2):
        write_run(folder, number, {"fid": fid}, repeat_of=0)

    winner, _, doubt = said(folder)

    assert winner.endswith(
        "with FID (N = 150) 18.00; with 2 seeds the configuration of trial 0 has FID (N = 150) 21.50 ± 0.71."
    )
    assert doubt.startswith("Only one configuration was trained with several seeds, so")


def test_a_bound_that_no_trial_reaches_is_named(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.6}])
    write_trial(folder, 1, [{"fid": 40.0, "accuracy": 0.7}])
    sweep, rule = read_sweep(folder), Rule.parse("accuracy >= 0.8, then fid")
    ranking = rank(sweep, rule)

    assert verdict(sweep, ranking)[0].startswith(
        "Trial 1 is ranked first of 2, with FID (N not recorded) 40.00 and accuracy 70.0 % (the best), though no "
        "ranked trial reaches accuracy >= 0.8; trial 0 has the best FID"
    )
    assert ranking.statement.endswith("then trial number. No ranked trial reaches accuracy >= 0.8.")

    write_trial(folder, 2, [{"fid": 50.0, "accuracy": 0.8}])
    sweep = read_sweep(folder)
    assert "reaches" not in verdict(sweep, rank(sweep, rule))[0] + rank(sweep, rule).statement


def test_a_bound_that_no_mean_reaches_is_named(repeated: Path):
    sweep = read_sweep(repeated)

    winner, *_ = verdict(sweep, rank(sweep, Rule.parse("accuracy >= 0.805, then fid")))

    assert "is first by its means (the order accuracy >= 0.805, then fid), as by one run each, with" in winner
    assert "; none of them reaches accuracy >= 0.805 by its mean" in winner


def test_two_seeds_are_said_to_be_few(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number in (0, 1):
        write_run(folder, number, {"fid": 18.0 + number})
    for number, (original, fid) in enumerate([(0, 20.0), (0, 20.1), (1, 30.0), (1, 30.1)], start=2):
        write_run(folder, number, {"fid": fid}, repeat_of=original)

    winner, _, doubt = said(folder)

    assert "is first by its means, as by one run each, with" in winner  # one objective needs no explanation
    assert doubt.endswith("; two seeds say next to nothing about the spread, 3 or more would.")
    for number, original in ((6, 0), (7, 1)):
        write_run(folder, number, {"fid": 20.2 + 10 * original}, repeat_of=original)
    assert "two seeds" not in said(folder)[-1]


def test_a_repeat_whose_original_is_gone_is_not_spoken_of_as_if_it_were_there(repeated: Path):
    rmtree(trial_folder(repeated, 1))
    assert "that of trial 1 (whose own records are missing or damaged) is first by its means" in said(repeated)[0]

    (trial_folder(repeated, 0) / "trial.json").write_text("{")
    winner, counts, doubt = said(repeated)
    assert "that of trial 0 (whose own records are missing or damaged) has the best accuracy" in winner
    assert winner.endswith("; of one run each, none is ranked.")
    assert counts == "Of 2 trials: 2 unreadable; of 6 with new seeds: 6 complete."
    assert doubt.startswith("Of the first two by their means, trials 1 and 0, trial 1 is better in FID")


def test_one_repeated_configuration_without_its_original_is_no_ranking(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number, fid in enumerate([21.0, 22.0], start=2):
        write_run(folder, number, {"fid": fid}, repeat_of=0)

    assert said(folder)[0] == "Only trials with new seeds are complete, so nothing is ranked."
