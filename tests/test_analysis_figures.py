import math
from pathlib import Path
from typing import Any

from recorded_sweeps import write_sweep, write_trial
from trials_in_memory import sweep_of, trial_of

from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.curves import learning_curves
from analysis.report.sections.objectives import MAX_POINTS, history_figure, objectives_section, pareto_figures
from analysis.report.style import front_styles
from search.records import read_sweep


def traces(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def test_pareto_plot_parts_front_dominated_and_pruned(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 40.0, "accuracy": 0.9}])
    write_trial(folder, 1, [{"fid": 20.0, "accuracy": 0.5}])
    write_trial(folder, 2, [{"fid": 50.0, "accuracy": 0.4}])
    write_trial(folder, 3, [{"fid": 70.0, "accuracy": 0.3}], "pruned")
    write_trial(folder, 4, [{"fid": math.nan, "accuracy": 0.3}], "pruned")
    sweep = read_sweep(folder)

    found = traces(pareto_figures(sweep, rank(sweep))[0])

    assert list(zip(found["Pareto front"].x, found["Pareto front"].y, strict=True)) == [(20.0, 0.5), (40.0, 0.9)]
    assert (found["dominated"].x, found["dominated"].y) == ((50.0,), (0.4,))
    assert found["pruned or running, last values"].x == (70.0,)
    assert found["on the front"].text == ("1", "0")


def test_every_point_of_a_trial_knows_its_number(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    for number, (fid, accuracy) in enumerate([(40.0, 0.9), (20.0, 0.5), (50.0, 0.4), (60.0, 0.8)]):
        write_trial(folder, number, [{"fid": fid, "accuracy": accuracy}])
    write_trial(folder, 4, [{"fid": 70.0, "accuracy": 0.3}], "pruned")
    sweep = read_sweep(folder)

    (figure,) = pareto_figures(sweep, rank(sweep))

    # In the order of their places: 1 and 0 are the front; 0 dominates 2 and 3, none of which dominates the other.
    assert [trace.customdata for trace in figure.data] == [(4,), (2, 3), None, (1, 0)]
    assert figure.data[3].hovertext[0].startswith("trial 1, place 1<br>in its final evaluation (epoch 1)<br>FID")


def test_three_objectives_have_a_figure_for_each_pair(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min", "accuracy": "max", "l1": "min"})
    write_trial(folder, 0, [{"fid": 40.0, "accuracy": 0.9, "l1": 0.1}])
    sweep = read_sweep(folder)

    figures = pareto_figures(sweep, rank(sweep))

    assert [(figure.data[0].x, figure.data[0].y) for figure in figures] == [
        ((40.0,), (0.9,)),
        ((40.0,), (0.1,)),
        ((0.9,), (0.1,)),
    ]


def test_pruned_trials_that_were_measured_otherwise_are_not_shown(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 40.0, "accuracy": 0.9}], fid_weights="aaa")
    write_trial(folder, 1, [{"fid": 50.0, "accuracy": 0.4}], "pruned", fid_weights="bbb")
    write_trial(folder, 2, [{"fid": 60.0, "accuracy": 0.4}], "pruned", fid_weights="aaa")
    sweep = read_sweep(folder)

    found = traces(pareto_figures(sweep, rank(sweep))[0])

    assert found["pruned or running, last values"].customdata == (2,)


def test_a_large_sweep_is_shown_in_part():
    sweep = sweep_of(trial_of(number, {"fid": number, "accuracy": 0.5}) for number in range(2 * MAX_POINTS))

    section = objectives_section(Subject(sweep, rank(sweep), top=5))

    assert section is not None
    assert [trace["customdata"] for trace in section.content["overview"]["data"]] == [
        list(range(1, MAX_POINTS + 1)),
        [0],
    ]
    assert section.content["num_dominated"] == 2 * MAX_POINTS - 1


def test_staircase_starts_at_the_best_first_objective_when_more_is_better(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"accuracy": "max", "fid": "min"})
    write_trial(folder, 0, [{"fid": 20.0, "accuracy": 0.5}])
    write_trial(folder, 1, [{"fid": 40.0, "accuracy": 0.9}])
    sweep = read_sweep(folder)

    front = traces(pareto_figures(sweep, rank(sweep))[0])["Pareto front"]

    assert (front.x, front.line.shape) == ((0.9, 0.5), "hv")


def test_one_objective_has_a_history_instead(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"psnr": "max"})
    for number, psnr in enumerate([20.0, 25.0, 22.0]):
        write_trial(folder, number, [{"psnr": psnr}])
    sweep = read_sweep(folder)

    assert pareto_figures(sweep, rank(sweep)) == []
    found = traces(history_figure(sweep, rank(sweep)))
    assert found["best so far"].y == (20.0, 25.0, 25.0)
    assert found["trial"].y == (20.0, 25.0, 22.0)


def test_learning_curves_colour_the_front_and_leave_gaps(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    write_trial(folder, 0, [{"fid": 50.0}, {"fid": math.inf}, {"fid": 30.0}])
    write_trial(folder, 1, [{"fid": 90.0}], "pruned")
    sweep = read_sweep(folder)

    found = traces(learning_curves(sweep, rank(sweep))["fid"])

    assert (found["trial 0"].x, found["trial 0"].y) == ((1, 2, 3), (50.0, None, 30.0))
    assert found["other trials"].y == (90.0, None)


def test_lines_go_on_over_evaluations_within_an_epoch_that_lack_the_metric(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    write_trial(folder, 0, [{"l1": 9.0}, {"fid": 50.0}, {"l1": 8.0}, {"fid": 30.0}, {"fid": 20.0}], per_epoch=2)
    sweep = read_sweep(folder)

    line = traces(learning_curves(sweep, rank(sweep))["fid"])["trial 0"]

    assert (line.x, line.y) == ((1, 2, 2.5), (50.0, 30.0, 20.0))
    assert line.hovertext[-2:] == ("trial 0, epoch 2: 30.00", "trial 0, epoch 2.5: 20.00")


def test_there_is_nothing_to_draw_before_the_first_evaluation(tmp_path: Path):
    sweep = read_sweep(write_sweep(tmp_path / "sweep"))

    assert pareto_figures(sweep, rank(sweep)) == []
    assert history_figure(sweep, rank(sweep)) is None
    assert learning_curves(sweep, rank(sweep)) == {}


def test_every_trial_of_a_large_front_looks_different(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    for number in range(24):
        write_trial(folder, number, [{"fid": 10.0 + number, "accuracy": 0.1 + number / 100}])

    assert len(set(front_styles(rank(read_sweep(folder))).values())) == 24


def test_hover_text_of_users_is_escaped(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 1.0, "accuracy": 0.5}], params={"<b>a</b>": '<a href="javascript:1">x</a>'})
    sweep = read_sweep(folder)

    hover = traces(pareto_figures(sweep, rank(sweep))[0])["on the front"].hovertext[0]

    assert "&lt;b&gt;a&lt;/b&gt;: &lt;a href=" in hover
    assert "<a" not in hover
