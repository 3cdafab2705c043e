from pathlib import Path

import pytest
from recorded_sweeps import write_sweep, write_trial

from analysis.certainty.verdict import standard_error, verdict
from analysis.ranking.rank import rank
from search.records import read_sweep


def said(folder: Path) -> list[str]:
    sweep = read_sweep(folder)
    return verdict(sweep, rank(sweep))


def test_standard_error_is_binomial():
    assert standard_error(0.8, 400) == pytest.approx(0.02)


def test_close_accuracies_cannot_be_told_apart(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400, "fid_images": 1500})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.80}])
    write_trial(folder, 1, [{"fid": 20.0, "accuracy": 0.79}])
    write_trial(folder, 2, [{"fid": 90.0, "accuracy": 0.10}], "pruned")

    assert said(folder) == [
        "Trial 1 has the best FID (N = 1,500), 20.00; trial 0 has the best accuracy, 80.0 %; "
        "2 of 2 ranked trials form the Pareto front.",
        "Of 3 trials: 2 complete, 1 pruned.",
        "On 400 validation photos an accuracy of 80.0 % has a standard error of 2.0 points, so first and second "
        "by accuracy (trials 0 and 1, 1.0 points apart) cannot be told apart.",
    ]


def test_a_clear_lead_is_stated_beside_the_error(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.8}])
    write_trial(folder, 1, [{"fid": 40.0, "accuracy": 0.7}])

    winner, _, doubt = said(folder)

    assert winner.startswith("Trial 0 has the best FID (N not recorded), 30.00 and the best accuracy, 80.0 %;")
    assert doubt.endswith(
        "standard error of 2.0 points; first and second by accuracy (trials 0 and 1) are 10.0 points apart."
    )


def test_says_when_the_number_of_photos_is_unknown(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"sha256": "0"})
    write_trial(folder, 0, [{"fid": 30.0, "accuracy": 0.8}])

    assert said(folder)[-1] == "The number of validation photos is not recorded, so the error of accuracy is not known."


def test_names_all_that_share_the_first_place(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"psnr": "max"})
    for number in range(3):
        write_trial(folder, number, [{"psnr": 24.0}])

    assert said(folder)[0] == "Trials 0, 1 and 2 have the best PSNR, 24.00."


def test_says_that_nothing_has_completed(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    assert said(folder) == ["No trial has completed yet, so nothing is ranked.", "No trial has started."]

    write_trial(folder, 0, [], "running")
    assert said(folder)[1] == "Of 1 trial: 1 running."
