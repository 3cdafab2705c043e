from typing import Any

import pytest
from made_trials import made_sweep, made_trial

from analysis.effects.effort import planned_epochs, saving
from analysis.effects.stopping import stopping
from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.stopping import stopping_section
from search.records import Trial

MONITORS: dict[str, Any] = {"classification": {"patience": 2}, "colorization": {"patience": None}}
BOTH: dict[str, Any] = {"classification": {"patience": 2}, "colorization": {"criterion": "tcdcn", "patience": None}}
ONE, TWO_TASKS = ("classification",), ("classification", "colorization")


def trial(number: int, stopped: list[tuple[str, ...]], finished: Any = "epochs", **config: Any) -> Trial:
    values = [{"fid": 1.0, "accuracy": 0.5}] * len(stopped)
    config = {"epochs": 10, "loss": {"classification": 1.0}, "early_stopping": MONITORS} | config
    return made_trial(number, values, stopped=stopped, finished=finished, gpu_seconds=36.0, **config)


def test_tasks_are_counted_with_the_epochs_at_which_they_stopped():
    sweep = made_sweep(
        [
            trial(0, [(), ONE, ONE, ONE]),
            trial(1, [(), (), (), ()]),
            trial(2, [(), ONE, ONE, TWO_TASKS], "early-stopping", early_stopping=BOTH),
        ]
    )

    found = stopping(sweep)

    assert found
    classification, colorization = found.tasks
    assert (classification.num_watched, classification.epochs, classification.median) == (3, (2, 2), 2)
    assert (classification.num_trained_on, classification.epochs_without) == (2, 4)
    assert (colorization.task, colorization.num_watched, colorization.epochs) == ("colorization", 1, (4,))
    assert colorization.num_trained_on == 0
    # Trial 2 trained for 4 of 10 epochs, at 9 s of GPU each.
    assert (found.saved.num_trials, found.saved.epochs, found.saved.epochs_planned) == (1, 6, 10)
    assert (found.saved.seconds, found.saved.seconds_planned) == pytest.approx((54, 90))


def test_without_monitors_there_is_no_section():
    sweep = made_sweep([trial(0, [()], early_stopping={}), trial(1, [()], early_stopping={"classification": {}})])
    assert stopping(sweep) is None
    assert stopping_section(Subject(sweep, rank(sweep), 5)) is None


def test_the_figure_needs_some_stops():
    few, many = (made_sweep([trial(number, [(), ONE]) for number in range(count)]) for count in (9, 10))
    sections = [stopping_section(Subject(sweep, rank(sweep), 5)) for sweep in (few, many)]
    assert [section.content["figure"] is None for section in sections if section] == [True, False]
    figure = sections[1].content["figure"] if sections[1] else {}
    assert (figure["data"][0]["x"], figure["data"][0]["y"]) == ([2.0], [10])


def test_the_length_of_a_training_is_that_of_its_phases():
    assert planned_epochs({"epochs": 7, "phases": []}) == 7
    assert planned_epochs({"epochs": 100, "phases": [{"epochs": 30}, {"epochs": 15}]}) == 45
    assert planned_epochs({"phases": [{"epochs": None, "steps": 500}, {"epochs": 2}]}) is None
    assert planned_epochs({}) is None


def test_a_length_in_batches_is_that_of_the_longest_complete_trial():
    in_batches = {"phases": [{"steps": 500}]}
    sweep = made_sweep([trial(0, [()] * 8, **in_batches), trial(1, [()] * 2, None, **in_batches)])
    assert (saving([sweep.trials[1]], sweep).epochs, saving([sweep.trials[1]], sweep).seconds) == (6, 108)


def test_where_no_gpu_is_recorded_the_time_of_training_counts():
    values = [{"fid": 1.0}] * 5
    sweep = made_sweep([made_trial(0, values, state="pruned", epochs=20)])
    assert saving(sweep.trials, sweep).seconds == 150  # 15 epochs of 10 s


def test_a_task_that_is_not_trained_is_not_watched():
    assert stopping(made_sweep([trial(0, [()], loss={"classification": 0.0})])) is None
