from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recorded_sweeps import write_sweep, write_trial

from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.trajectories import Stop, early_stops, trajectories_section
from search.recording import write_evaluations
from search.records import Trial, read_sweep, read_trial


def trained(sweep: Path, number: int, weights: Sequence[float], stopped_from: int = 99) -> Trial:
    """A trial with these weights of its classification loss, which early stopping ended with some evaluation."""
    folder = write_trial(sweep, number, [{"fid": 9.0 + number, "accuracy": 0.5}] * len(weights))
    evaluations = [
        evaluation.model_copy(
            update={
                "weights": {"l1": 100.0, "classification": weight},
                "stopped": ("classification",) if index >= stopped_from else (),
            }
        )
        for index, (evaluation, weight) in enumerate(zip(read_trial(folder).evaluations, weights, strict=True), 1)
    ]
    write_evaluations(folder, evaluations)
    return read_trial(folder)


def content(folder: Path) -> dict[str, Any]:
    sweep = read_sweep(folder)
    section = trajectories_section(Subject(sweep, rank(sweep), 5))
    return dict(section.content) if section else {}


def test_only_weights_that_move_are_drawn(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    trained(folder, 0, [1.0, 0.5, 0.25])
    trained(folder, 1, [2.0, 2.0])

    figures = content(folder)["figures"]

    assert list(figures) == ["classification"]
    moved, fixed = figures["classification"]["data"]
    assert (moved["name"], moved["x"], moved["y"]) == ("trial 0", [1, 2, 3], [1.0, 0.5, 0.25])
    assert fixed["y"] == [2.0, 2.0]


def test_a_line_ends_with_a_cross_where_its_task_stopped(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    trained(folder, 0, [1.0, 0.5, 0.0, 0.0], stopped_from=3)

    line = content(folder)["figures"]["classification"]["data"][0]

    assert line["y"] == [1.0, 0.5, None, None]
    assert line["marker"]["symbol"] == ["circle", "x", "circle", "circle"]


def test_a_stop_is_told_with_how_long_the_rest_went_on(tmp_path: Path):
    trial = trained(write_sweep(tmp_path / "sweep"), 7, [1.0, 1.0, 0.0, 0.0], stopped_from=2)

    assert early_stops(trial) == [Stop(7, "classification", "2", "2")]


def test_fixed_weights_without_a_stop_say_nothing(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    trained(folder, 0, [1.0, 1.0])

    assert content(folder) == {}
