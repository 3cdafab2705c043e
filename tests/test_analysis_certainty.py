import math
from pathlib import Path
from shutil import rmtree

import pytest
from recorded_sweeps import write_sweep
from seeded_sweeps import write_run

import analysis.report.page as page
from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.certainty import certainty_section
from analysis.report.sections.final_check import final_check_section
from search.records import read_sweep, trial_folder


def subject(folder: Path, top: int = 5) -> Subject:
    sweep = read_sweep(folder)
    return Subject(sweep, rank(sweep), top)


@pytest.fixture
def repeated(tmp_path: Path) -> Path:
    """Two configurations with three new seeds each, tested; by validation trial 1 is the better one."""
    folder = write_sweep(tmp_path / "sweep", val={"sha256": "ab" * 32, "num_samples": 400, "fid_images": 150})
    write_run(folder, 0, {"fid": 18.0, "accuracy": 0.80})
    write_run(folder, 1, {"fid": 20.0, "accuracy": 0.79})
    values = [(0, 24.0, 0.80), (0, 24.2, 0.79), (0, 24.4, 0.81), (1, 20.1, 0.78), (1, 20.4, 0.80), (1, 20.6, 0.79)]
    for number, (original, fid, accuracy) in enumerate(values, start=2):
        tested = {"fid": fid + 5, "accuracy": accuracy - 0.1}
        write_run(folder, number, {"fid": fid, "accuracy": accuracy}, repeat_of=original, tested=tested)
    return folder


def test_says_how_many_are_as_good_as_the_best(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"accuracy": "max"}, val={"num_samples": 400})
    for number, accuracy in enumerate([0.80, 0.79, 0.70, 0.60]):
        write_run(folder, number, {"accuracy": accuracy})

    found = certainty_section(subject(folder, top=2))

    assert found is not None
    assert found.content["like_best"] == [
        "By accuracy 1 of the other 3 ranked trials cannot be told from the best one, trial 0."
    ]
    assert [run.interval for run in found.content["single"]["accuracy"]] == ["75.8 to 83.6 %", "74.7 to 82.7 %"]


def test_nothing_is_said_where_nothing_is_known(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    assert certainty_section(subject(folder)) is None

    write_run(folder, 0, {"fid": 20.0})
    assert certainty_section(subject(folder)) is None
    assert final_check_section(subject(folder)) is None


def test_seeds_stand_beside_the_run_they_were_chosen_by(repeated: Path):
    found = certainty_section(subject(repeated))

    assert found is not None
    assert found.content["best"].number == 1
    lucky = found.content["several"]["fid"][0]
    assert (lucky.own, lucky.mean, lucky.told_apart) == ("18.00", "24.20 ± 0.20", True)
    assert lucky.behind.startswith("3.83 (")
    assert not found.content["several"]["accuracy"][0].told_apart
    figure, *_ = found.content["figures"].values()
    assert [len(trace["x"]) for trace in figure["data"]] == [2, 6, 2]  # means, seeds, chosen runs


def test_the_final_check_reports_the_choice_of_validation_on_test_photos(repeated: Path):
    found = final_check_section(subject(repeated))

    assert found is not None
    assert found.content["headings"] == {"fid": "FID (N = 150)", "accuracy": "accuracy (N = 400)"}
    assert found.content["statements"][0] == (
        "By its means on the validation photos (Pareto front, then FID, then accuracy) that of trial 1 is chosen; on "
        "the test photos it has FID 25.37 ± 0.25 and accuracy 69.0 ± 1.0 %. These are the values to report: nothing "
        "was chosen by them."
    )
    assert found.content["statements"][1] == (
        "On the test photos that of trial 1 is first by its means; that of trial 0 has the best accuracy, 70.0 ± 1.0 %."
    )
    group, test, validation = found.content["rows"][0]
    assert (group.number, test["fid"], validation["fid"]) == (0, "29.20 ± 0.20", "24.20 ± 0.20")


def test_runs_tested_on_other_photos_are_left_out(repeated: Path):
    write_run(repeated, 8, {"fid": 1.0, "accuracy": 0.9}, repeat_of=1, tested={"fid": 1.0}, test_sha256="77" * 32)

    found = final_check_section(subject(repeated))

    assert found is not None
    assert found.content["num_elsewhere"] == 1
    assert [len(group.runs) for group, *_ in found.content["rows"]] == [3, 3]
    assert found.content["rows"][0][2]["fid"] == "24.20 ± 0.20"  # of the same runs


def test_runs_without_a_finite_value_on_the_test_photos_are_counted_apart(repeated: Path):
    for number in (8, 9):
        tested = {"fid": math.nan, "accuracy": 0.9}
        write_run(repeated, number, {"fid": 1.0, "accuracy": 0.9}, repeat_of=1, tested=tested)

    found = final_check_section(subject(repeated))

    assert found is not None
    assert found.content["num_not_finite"] == 2
    assert [len(group.runs) for group, *_ in found.content["rows"]] == [3, 3]


def test_the_page_shows_both_the_same_each_time(repeated: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "SECTIONS", (certainty_section, final_check_section))

    html = page.render(subject(repeated))

    assert html == page.render(subject(repeated))
    assert "How sure is the order?" in html
    assert "24.20 ± 0.20" in html
    assert "999999999999" in html  # of the test file's hash


def test_a_mean_of_two_seeds_has_an_interval_of_what_can_be(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", val={"num_samples": 400, "fid_images": 150})
    write_run(folder, 0, {"fid": 18.0, "accuracy": 0.90})
    write_run(folder, 1, {"fid": 19.0, "accuracy": 0.80})
    for number, (original, fid, accuracy) in enumerate([(0, 10.0, 0.7), (0, 30.0, 0.9), (1, 40, 0.5), (1, 41, 0.9)], 2):
        write_run(folder, number, {"fid": fid, "accuracy": accuracy}, repeat_of=original)

    found = certainty_section(subject(folder))

    assert found is not None
    several = found.content["several"]
    assert several["accuracy"][0].interval == "0.0 to 100.0 %"
    assert several["fid"][0].interval.startswith("0.000 to ")
    assert several["accuracy"][1].behind == "10.0 points (−100.0 to 100.0 points)"
    assert found.content["some_of_two"]
    error = found.content["figures"]["accuracy, higher is better"]["data"][0]["error_x"]
    assert (error["array"][0], error["arrayminus"][0]) == (pytest.approx(0.2), pytest.approx(0.8))


def test_intervals_that_are_known_are_shown_beside_those_that_are_not(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"kid": "min"}, val={"num_samples": 400, "fid_images": 64})
    write_run(folder, 0, {"kid": 0.020}, details={"kid_low": 0.017, "kid_high": 0.023})
    write_run(folder, 1, {"kid": 0.030})
    write_run(folder, 2, {"kid": 0.040}, details={"kid_low": 0.036, "kid_high": 0.044})

    found = certainty_section(subject(folder))

    assert found is not None
    assert [(run.interval, run.from_best) for run in found.content["single"]["kid"]] == [
        ("0.01700 to 0.02300", "is the best"),
        ("", ""),
        ("0.03600 to 0.04400", "told apart"),
    ]
    assert "kid" not in found.content["unknown"]
    assert found.content["like_best"][0].startswith("By KID 0 of the other 1 ranked trials whose interval is known")


def test_repeats_whose_original_is_gone_are_shown_all_the_same(repeated: Path):
    for number in (0, 1):
        rmtree(trial_folder(repeated, number))

    found, check = certainty_section(subject(repeated)), final_check_section(subject(repeated))

    assert found is not None
    assert (found.content["top"], found.content["single"]) == ((), {})
    assert [group.name for group in found.content["groups"]] == [
        "trial 0 (whose own records are missing or damaged)",
        "trial 1 (whose own records are missing or damaged)",
    ]
    assert check is not None
    assert "that of trial 1 (whose own records are missing or damaged) is chosen" in check.content["statements"][0]
