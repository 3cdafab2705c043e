"""What stands in the tables of ranked and of other trials."""

from trials_in_memory import sweep_of, trial_of

from analysis.ranking.rank import rank
from analysis.ranking.rule import Rule
from analysis.report.section import Subject
from analysis.report.sections import ranked_table, unranked
from analysis.report.sections.ranked_table import Cell, ranking_section
from analysis.report.sections.unranked import unranked_section
from search.records import Sweep


def columns(sweep: Sweep, rule: str = "last") -> dict[str, list[Cell]]:
    ranking = rank(sweep, Rule.parse(counts=rule))
    return {column.heading: column.cells for column in ranked_table.ranked_table(sweep, ranking)}


def test_a_metric_that_was_measured_otherwise_is_neither_sorted_nor_best():
    photos = {"accuracy": 0.5, "psnr": 20.0}
    others = [trial_of(number, photos, config={}) for number in range(2)]
    in_lab = trial_of(2, {"accuracy": 0.5, "psnr": 30.0}, config={"evaluation": {"metric_space": "lab01"}})

    cells = columns(sweep_of([*others, in_lab], {"accuracy": "max"}))["PSNR"]

    assert cells[1:] == [Cell("20.00", "20.0", best=True), Cell("30.00", "", "measured otherwise")]


def test_the_table_says_what_was_spent_and_which_evaluation_counts():
    curve = [{"fid": fid, "accuracy": 0.5, "l1": l1} for fid, l1 in [(9.0, 0.2), (8.0, 0.1), (7.0, 0.3)]]
    sweep = sweep_of([trial_of(0, *curve, gpu_seconds=90.0)])

    assert columns(sweep)["GPU time"] == [Cell("90 s", "90.0")]
    assert "Counted at epoch" not in columns(sweep)
    found = columns(sweep, "best-joint")
    assert (found["Counted at epoch"], found["Epochs"]) == ([Cell("2", "2.0")], [Cell("3", "3.0")])


def test_of_many_ranked_trials_the_first_are_shown():
    num = ranked_table.MAX_ROWS + 5
    sweep = sweep_of([trial_of(number, {"fid": 5.0 * num - number}) for number in range(num)], {"fid": "min"})

    content = ranking_section(Subject(sweep, rank(sweep), top=5)).content

    assert [one.trial.number for one in content["rows"]] == list(range(num - 1, 4, -1))
    assert {len(column.cells) for column in content["table"]} == {ranked_table.MAX_ROWS}


def test_complete_trials_are_never_left_out_of_those_that_are_not_ranked():
    num = unranked.MAX_ROWS + 5
    pruned = [trial_of(number, {"fid": 9.0}, state="pruned") for number in range(num)]
    complete = trial_of(num, {"fid": float("nan")})
    sweep = sweep_of([*pruned, complete], {"fid": "min"})

    section = unranked_section(Subject(sweep, rank(sweep), top=5))

    assert section is not None
    assert [one.trial.number for one in section.content["rows"]] == [num, *range(unranked.MAX_ROWS)]
