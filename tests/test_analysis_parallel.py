from pathlib import Path

import pytest
from recorded_sweeps import write_sweep, write_trial

from analysis.display import value_text
from analysis.ranking.rank import rank
from analysis.report.axes import UNSEARCHED, number_axis, word_axis
from analysis.report.section import Section, Subject
from analysis.report.sections.parallel import MAX_LINES, parallel_section
from search.records import read_sweep


def section(folder: Path) -> Section | None:
    sweep = read_sweep(folder)
    return parallel_section(Subject(sweep, rank(sweep), 5))


def test_an_axis_over_decades_is_logarithmic():
    axis = number_axis("lr", [1e-4, 1e-3, None, 1e-2], value_text)

    assert axis.heights == pytest.approx((0, 0.5, UNSEARCHED, 1))
    assert axis.ticks == ((0, "0.0001"), (pytest.approx(0.5), "0.001"), (1, "0.01"))
    assert axis.texts[2] == "not searched"


def test_an_axis_over_less_is_linear_with_even_ticks():
    axis = number_axis("width", [1.0, 2.0, 3.0, 4.0, 5.0, 9.0], value_text)

    assert axis.heights[1] == 1 / 8
    assert [text for _, text in axis.ticks] == ["1", "3", "5", "7", "9"]
    assert axis.turned().ticks[0] == (1, "1")


def test_words_stand_in_alphabetical_order_and_are_escaped():
    axis = word_axis("loss", ["<b>", "a", None, "z"])

    assert axis.heights == (0, 0.5, UNSEARCHED, 1)
    assert axis.ticks[0] == (0, "&lt;b&gt;")


def test_a_line_crosses_every_axis_and_better_values_are_above(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    for number, (fid, kind) in enumerate([(10.0, "bce"), (20.0, "lsgan"), (30.0, "bce")]):
        params = {"loss.adversarial": kind, "loss.l1": float(number), "seed": 1}
        write_trial(folder, number, [{"fid": fid, "accuracy": 0.9 - number / 10}], params=params)

    found = section(folder)

    assert found is not None
    best = next(trace for trace in found.content["figure"]["data"] if trace["name"] == "trial 0")
    assert best["y"] == [0, 0, 1, 1, None]  # bce, the smallest l1, the best FID, the best accuracy; seed never varies
    assert best["customdata"][0] == 0


def test_there_is_nothing_to_compare_with_one_parameter(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    for number in range(4):
        write_trial(folder, number, [{"fid": 1.0 + number, "accuracy": 0.5}], params={"loss.l1": number})

    assert section(folder) is None


def test_of_thousands_some_are_drawn_the_front_among_them(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number in range(MAX_LINES + 50):
        params = {"a": number, "b": -number}
        write_trial(folder, number, [{"fid": 1.0 + number}], params=params)

    found = section(folder)

    assert found is not None
    assert found.content["num_shown"] == MAX_LINES
    drawn = {number for trace in found.content["figure"]["data"] for number in trace["customdata"]}
    assert len(drawn) == MAX_LINES
    assert 0 in drawn


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([90.27, 90.4, 90.5, 90.6, 90.7, 90.9], ["90.3", "90.4", "90.6", "90.7", "90.9"]),
        ([10.0, 40.0, 60.0, 70.0, 80.0, 99.7], ["10", "32", "55", "77", "100"]),
        ([1000.0, 1001.0, 1002.0, 1003.0, 1004.0, 1020.0], ["1000", "1005", "1010", "1015", "1020"]),
    ],
)
def test_ticks_have_as_few_digits_as_tell_them_apart(values: list[float], ticks: list[str]):
    assert [text for _, text in number_axis("fid", values, value_text).ticks] == ticks


def test_whole_numbers_beyond_all_floats_have_no_place_on_an_axis(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number in range(3):
        write_trial(folder, number, [{"fid": 1.0 + number}], params={"a": 10**400 + number, "b": number})

    found = section(folder)

    assert found is not None
    assert {trace["customdata"][0] for trace in found.content["figure"]["data"]} == {0, 1, 2}
