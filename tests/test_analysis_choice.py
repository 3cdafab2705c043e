"""Which trial is meant where nobody names one."""

from pathlib import Path

import pytest
from recorded_sweeps import write_sweep
from seeded_sweeps import write_run

from analysis.ranking.rank import RankingError
from analysis.trained.choice import chosen_trial
from search.records import read_sweep, trial_folder


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """By one run each trial 0 is the best, then trial 1."""
    folder = write_sweep(tmp_path / "small")
    for number, fid in enumerate([18.0, 20.0, 30.0]):
        write_run(folder, number, {"fid": fid, "accuracy": 0.5})
    return folder


def repeat(folder: Path, fids: dict[int, list[float]]) -> None:
    """New seeds of each trial, with these FIDs."""
    number = len(list((folder / "trials").iterdir()))
    for original, values in fids.items():
        for fid in values:
            write_run(folder, number, {"fid": fid, "accuracy": 0.5}, repeat_of=original)
            number += 1


def chosen(folder: Path, number: str = "") -> tuple[int, str]:
    choice = chosen_trial(read_sweep(folder), number)
    return choice.trial.number, choice.words


def test_without_new_seeds_it_is_the_first_of_the_ranking(searched: Path):
    assert chosen(searched) == (0, "small: trial 0, the first of 3 ranked")


def test_new_seeds_choose_by_their_means(searched: Path):
    repeat(searched, {0: [24.0, 26.0], 1: [21.0, 20.0]})
    assert chosen(searched) == (
        1,
        "small: trial 1, the first of 2 configurations by its means over new seeds; "
        "small:0 is the first of the ranking",
    )


def test_new_seeds_may_agree_with_the_ranking(searched: Path):
    repeat(searched, {0: [18.0, 19.0], 1: [21.0, 20.0]})
    assert chosen(searched) == (0, "small: trial 0, the first of 2 configurations by its means over new seeds")


def test_new_seeds_choose_although_their_originals_are_gone(tmp_path: Path):
    folder = write_sweep(tmp_path / "small")
    for number, (original, fid) in enumerate([(0, 21.0), (0, 20.0), (1, 25.0), (1, 26.0)], start=2):
        write_run(folder, number, {"fid": fid, "accuracy": 0.5}, repeat_of=original)
    assert chosen(folder) == (2, "small: trial 2, the first of 2 configurations by its means over new seeds")


@pytest.mark.parametrize("fids", [{1: [10.0, 11.0]}, {0: [24.0], 1: [10.0]}])
def test_one_configuration_or_one_seed_each_choose_nothing(fids: dict[int, list[float]], searched: Path):
    repeat(searched, fids)
    assert chosen(searched)[0] == 0


def test_if_what_was_repeated_is_gone_one_of_its_repeats_stands_for_it(searched: Path):
    repeat(searched, {0: [24.0, 26.0], 1: [21.0, 20.0]})
    (trial_folder(searched, 1) / "trial.json").write_text("{")
    assert chosen(searched)[0] == 5


def test_a_named_trial_is_taken_without_a_word(searched: Path):
    repeat(searched, {0: [24.0, 26.0], 1: [21.0, 20.0]})
    assert chosen(searched, "2") == (2, "")


def test_what_there_is_not_is_told_in_one_line(searched: Path, tmp_path: Path):
    with pytest.raises(RankingError, match="small has no trial '9'; it has 0 to 2"):
        chosen(searched, "9")
    write_run(write_sweep(tmp_path / "young"), 0, {"fid": 1.0, "accuracy": 0.5}, state="running")
    with pytest.raises(RankingError, match="'young' has no trial that can be ranked among its 1") as failed:
        chosen(tmp_path / "young")
    assert "\n" not in str(failed.value)
