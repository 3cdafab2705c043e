from pathlib import Path
from statistics import stdev

import pytest
from recorded_sweeps import write_sweep
from seeded_sweeps import write_run

from analysis.certainty.intervals import student
from analysis.certainty.repeats import Group, behind_the_best, best_first, groups, missed
from analysis.ranking.rank import rank
from search.records import read_sweep


def found(folder: Path) -> tuple[Group, ...]:
    sweep = read_sweep(folder)
    return groups(sweep, rank(sweep))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Trial 0 was the luckier one; with new seeds trial 1 is better."""
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    write_run(folder, 0, {"fid": 18.0})
    write_run(folder, 1, {"fid": 20.0})
    for number, (original, fid) in enumerate([(1, 20.5), (0, 24.0), (1, 21.5), (0, 26.0)], start=2):
        write_run(folder, number, {"fid": fid}, repeat_of=original)
    return folder


def test_the_run_that_was_chosen_does_not_count(folder: Path):
    first, second = found(folder)

    assert (first.number, second.number) == (0, 1)  # by their place in the sweep
    assert first.chosen is not None
    assert first.chosen.metrics == {"fid": 18.0}
    assert first.values("fid") == [24.0, 26.0]
    spread = first.spread("fid")
    assert spread is not None
    assert (spread.num_runs, spread.mean, spread.deviation) == (2, 25.0, stdev([24.0, 26.0]))
    assert spread.interval == student([24.0, 26.0])


def test_the_best_is_the_best_by_its_mean(folder: Path):
    sweep = read_sweep(folder)
    best = best_first(groups(sweep, rank(sweep)), rank(sweep))

    assert [group.number for group in best] == [1, 0]
    (behind,) = behind_the_best(best, "fid")
    assert behind.estimate == 4.0


def test_runs_that_came_to_nothing_are_named(folder: Path):
    write_run(folder, 6, {"fid": 400.0}, repeat_of=0, state="diverged")
    write_run(folder, 7, {"fid": 21.0}, repeat_of=0, evaluation={"metric_space": "lab01"})

    first, _ = found(folder)

    assert first.values("fid") == [24.0, 26.0]
    assert [(trial.number, reason) for trial, reason in first.others] == [
        (6, "no reason recorded"),
        (7, "measured unlike the ranked trials: metric space lab01 instead of rgb"),
    ]


def test_a_single_new_run_is_no_best(folder: Path):
    write_run(folder, 6, {"fid": 99.0})
    write_run(folder, 7, {"fid": 1.0}, repeat_of=6)
    sweep = read_sweep(folder)

    assert [group.number for group in best_first(groups(sweep, rank(sweep)), rank(sweep))] == [1, 0]


def test_searched_seeds_are_runs_of_one_configuration(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number, (width, seed) in enumerate([(1, 0), (1, 1), (2, 0), (2, 0), (3, 0), (3, 1)]):
        write_run(folder, number, {"fid": 20.0 + number}, {"model.width": width, "seed": seed})

    first, second = found(folder)  # the one seed of width 2 ran twice: that is no other seed

    assert (first.number, first.chosen, first.values("fid")) == (0, None, [20.0, 21.0])
    assert (second.number, second.values("fid")) == (4, [24.0, 25.0])


def test_a_mean_that_misses_a_constraint_comes_last(folder: Path):
    write_sweep(folder, {"fid": "min"}, spec={"constraints": ["psnr >= 22"]})
    for number, psnr in [(0, 23.0), (1, 22.5)]:
        write_run(folder, number, {"fid": 18.0 + 2 * number, "psnr": psnr})
    for number, (original, fid, psnr) in enumerate(
        [(1, 20.5, 22.1), (0, 24.0, 23.0), (1, 21.5, 21.5), (0, 26.0, 23)], 2
    ):
        write_run(folder, number, {"fid": fid, "psnr": psnr}, repeat_of=original)
    sweep = read_sweep(folder)
    ranking = rank(sweep)

    best = best_first(groups(sweep, ranking), ranking)

    assert [group.number for group in best] == [0, 1]
    assert [missed(group, ranking) for group in best] == [[], ["psnr >= 22"]]
