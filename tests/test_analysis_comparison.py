from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import write_sweep
from scipy.stats import ttest_ind, wilcoxon
from seeded_sweeps import write_run

import analysis.report.page as page
from analysis.certainty.between import Side, sweeps_compared
from analysis.certainty.comparison import Comparison, corrected, paired
from analysis.certainty.within import choices_compared
from analysis.ranking.rank import rank
from analysis.report.section import Compared, Section, Subject
from analysis.report.sections.comparison import comparison_section, said
from search.records import read_sweep

GAINS = [0.05, 0.02, 0.04, 0.01, 0.06, 0.03]
"""By which multi-task was more accurate, for each of six weights of the loss."""


def side(folder: Path) -> Side:
    sweep = read_sweep(folder)
    return Side(sweep, rank(sweep))


def section(folder: Path, *others: Path) -> Section | None:
    one, compared = side(folder), map(side, others)
    return comparison_section(
        Subject(one.sweep, one.ranking, 5, tuple(Compared(other.sweep, other.ranking) for other in compared))
    )


def write_tasks(folder: Path, first: int = 0, **changes: Any) -> Path:
    """One trial for each of six weights of l1, from number `first` on."""
    write_sweep(folder, {"accuracy": "max"}, **changes)
    for index in range(6):
        write_run(folder, first + index, {"accuracy": 0.70 + index / 100}, {"loss.l1": 10 * (index + 1)})
    return folder


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """Single-task and multi-task for each weight; what only multi-task has differs, too."""
    folder = write_sweep(tmp_path / "grid", {"accuracy": "max"})
    for index, gain in enumerate(GAINS):
        shared = {"loss.l1": 10 * (index + 1)}
        write_run(folder, 2 * index, {"accuracy": 0.70}, shared | {"loss.weighting": "fixed"})
        params = shared | {"loss.weighting": "dwa", "loss.temperature": index + 0.5}
        write_run(folder, 2 * index + 1, {"accuracy": 0.70 + gain}, params)
    return folder


def test_a_choice_is_compared_between_trials_that_share_the_rest(grid: Path):
    one = side(grid)

    (comparison,) = choices_compared(one.sweep, one.ranking)

    assert (comparison.about, comparison.first, comparison.second) == ("loss.weighting", "fixed", "dwa")
    (result,) = comparison.results
    assert result.counts == (6, 6)
    assert result.difference.p == pytest.approx(wilcoxon(GAINS).pvalue)
    assert result.difference.estimate == pytest.approx(-0.035)
    assert result.dominance == -1.0
    assert comparison.notes == ("What only one of the two has (loss.temperature) is averaged over.",)


def test_pairs_of_which_one_was_pruned_are_counted(grid: Path):
    write_run(grid, 12, {"accuracy": 0.7}, {"loss.l1": 70, "loss.weighting": "fixed"})
    write_run(grid, 13, {"accuracy": 0.1}, {"loss.l1": 70, "loss.weighting": "dwa"}, state="pruned")
    one = side(grid)

    (comparison,) = choices_compared(one.sweep, one.ranking)

    assert comparison.results[0].counts == (6, 6)
    assert comparison.notes[-1].startswith("1 more pair was tried, but one of the two is not ranked")


def test_many_ties_find_no_difference_of_nothing():
    first, second = [0.8] * 10 + [0.7] * 30, [0.7] * 40

    (found,) = corrected(
        [Comparison("c", "a", "b", "pairs", tuple(filter(None, [paired("accuracy", "max", first, second)])))]
    )

    assert found.results[0].corrected == pytest.approx(2 / 2**10)
    assert said(found) == ["In accuracy no difference is found (corrected p 0.002)."]


def test_choices_without_pairs_are_not_compared(tmp_path: Path):
    folder = write_sweep(tmp_path / "random", {"accuracy": "max"})
    for number in range(20):
        weighting = ["fixed", "dwa"][number % 2]
        write_run(folder, number, {"accuracy": 0.7}, {"loss.l1": number / 7, "loss.weighting": weighting})

    assert section(folder) is None


def test_sweeps_with_equal_values_are_compared_by_pairs(tmp_path: Path):
    multi, single = write_tasks(tmp_path / "multi"), write_tasks(tmp_path / "single")
    for index, gain in enumerate(GAINS):
        write_run(multi, index, {"accuracy": 0.70 + index / 100 + gain}, {"loss.l1": 10 * (index + 1)})

    _, everything = sweeps_compared(side(multi), side(single))

    assert (everything.first, everything.second, everything.how) == ("multi", "single", "pairs")
    assert everything.results[0].difference.estimate == pytest.approx(0.035)


def test_sweeps_with_other_values_are_compared_as_groups(tmp_path: Path):
    multi, single = write_tasks(tmp_path / "multi"), write_sweep(tmp_path / "single", {"accuracy": "max"})
    for number in range(8):
        write_run(single, number, {"accuracy": 0.60 + number / 1000}, {"loss.l1": number / 7})

    _, everything = sweeps_compared(side(multi), side(single))

    assert everything.how == "groups"
    (result,) = everything.results
    assert result.counts == (6, 8)
    assert result.dominance == 1.0
    assert result.difference.p == pytest.approx(2 / 3003)  # of 14 choose 6 orders


def test_the_best_of_two_sweeps_are_compared_by_their_new_seeds(tmp_path: Path):
    multi, single = write_tasks(tmp_path / "multi"), write_tasks(tmp_path / "single")
    seeds = {multi: [0.80, 0.81, 0.83], single: [0.70, 0.72, 0.71]}
    for folder, values in seeds.items():
        for number, accuracy in enumerate(values, start=6):
            write_run(folder, number, {"accuracy": accuracy}, {"loss.l1": 60}, repeat_of=5)

    best, _ = sweeps_compared(side(multi), side(single))

    (result,) = best.results
    assert result.difference.p == pytest.approx(ttest_ind(seeds[multi], seeds[single], equal_var=False).pvalue)
    assert result.of == "means over new seeds of trial 5 and trial 5"


def test_one_run_each_is_compared_by_the_choice_of_photos(tmp_path: Path):
    """The paper's 84.8 % and 81.6 % of 250 photos (Anjou and Kolodziejczyk) cannot be told apart."""
    val = {"sha256": "ab" * 32, "num_samples": 250}
    folders = [write_sweep(tmp_path / name, {"accuracy": "max"}, val) for name in ("multi", "single")]
    for folder, accuracy in zip(folders, (0.816, 0.848), strict=True):
        write_run(folder, 0, {"accuracy": accuracy}, {"x": 1})

    found = section(*folders)

    assert found is not None
    ((_, sentences, _),) = found.content["comparisons"]
    assert sentences == ["In accuracy no difference is found (one run each, trial 0 and trial 0)."]


def test_values_on_other_photos_are_not_compared(tmp_path: Path):
    multi = write_tasks(tmp_path / "multi")
    single = write_tasks(tmp_path / "single", val={"sha256": "cd" * 32, "num_samples": 200})

    (comparison,) = sweeps_compared(side(multi), side(single))

    assert comparison.results == ()
    assert comparison.notes == ("By accuracy they are not compared: single has other validation photos.",)


def test_all_tests_of_a_report_are_corrected_together(grid: Path, tmp_path: Path):
    one, other = side(grid), side(write_tasks(tmp_path / "single"))
    found = corrected([*choices_compared(one.sweep, one.ranking), *sweeps_compared(one, other)])

    results = [result for comparison in found for result in comparison.results]
    p = [result.difference.p for result in results if result.difference.p is not None]
    assert len(p) == 2
    assert found[0].results[0].corrected == pytest.approx(2 * min(p))


def test_the_section_says_in_words_what_was_found(grid: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "SECTIONS", (comparison_section,))
    one = side(grid)

    html = page.render(Subject(one.sweep, one.ranking, 5)).replace("\N{NO-BREAK SPACE}", " ")

    assert "fixed against dwa" in html
    assert "In accuracy dwa is better by 3.5 points (95 % interval 1.0 to 6.0 points)." in html
