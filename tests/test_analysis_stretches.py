from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import NOON, write_sweep, write_trial

from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.cost import cost_by_node, cost_by_state, cost_section
from analysis.report.sections.timeline import busy_share, timeline, timeline_section
from analysis.report.stretches import in_slots, last_sign, stretches
from search.recording import write_record
from search.records import Attempt, State, Sweep, TrialStart, read_sweep, read_trial


def at(minute: float) -> Any:
    return NOON + timedelta(minutes=minute)


def ran(sweep: Path, number: int, began: float, ended: float | None, node: str, state: State, **more: Any) -> None:
    """A trial whose latest attempt began and ended so many minutes after noon."""
    folder = write_trial(sweep, number, [{"fid": 9.0, "accuracy": 0.5}], state)
    latest = {"started": at(began), "ended": None if ended is None else at(ended), "node": node}
    write_record(folder, read_trial(folder).state.model_copy(update=latest | more))


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    folder = write_sweep(tmp_path / "cluster", spec={"resources": {"gpu": 0.5}})
    ran(folder, 0, 0, 10, "node-10", "complete")
    ran(folder, 1, 0, 4, "node-10", "pruned", reason="<b>slow</b>")
    ran(folder, 2, 5, 10, "node-10", "diverged", cause="non-finite")
    lost = Attempt(started=at(1), ended=at(3), node="node-9", cause="lost-node")
    unseen = Attempt(started=at(4), ended=None, node="node-9")
    ran(folder, 3, 6, 9, "node-9", "failed", cause="bug", earlier=(lost, unseen), gpu_seconds=0.0)
    ran(folder, 4, 7, None, "node-9", "running", gpu_seconds=0.0)
    write_trial(folder, 5, [], "waiting")
    write_record(folder / "trials" / "0005", TrialStart(number=5, params={}, config={}, created=NOON))
    (folder / "trials" / "0005" / "state.json").unlink()
    return read_sweep(folder)


def test_every_attempt_is_a_stretch_with_its_end(sweep: Sweep):
    found = [(one.trial.number, one.began_s / 60, one.ended_s / 60, one.outcome) for one in stretches(sweep)]

    assert found == [
        (0, 0, 10, "complete"),
        (1, 0, 4, "pruned"),
        (3, 1, 3, "node lost"),
        (3, 4, 4.5, "interrupted"),  # until its last evaluation, after 30 s of training
        (2, 5, 10, "diverged"),
        (3, 6, 9, "failed"),
        (4, 7, 7.5, "open"),  # likewise
    ]


def test_slots_are_filled_from_above_and_nodes_come_by_number(sweep: Sweep):
    rows = in_slots(stretches(sweep))

    assert {node: [[one.trial.number for one in slot] for slot in slots] for node, slots in rows.items()} == {
        "node-9": [[3, 3, 3], [4]],
        "node-10": [[0], [1, 2]],
    }
    assert busy_share(rows) == pytest.approx((2 + 0.5 + 3 + 0.5 + 10 + 4 + 5) / (2 * 8 + 2 * 10))


def test_the_timeline_has_a_trace_for_each_end_and_escapes_reasons(sweep: Sweep):
    figure = timeline(in_slots(stretches(sweep)))

    names = [trace.name for trace in figure.data]
    pruned = figure.data[names.index("pruned")]
    assert names[0] == "complete"
    assert len(names) == 7
    assert figure.data[0].x[0] == 0
    assert pruned.y == (3, 3, 3, None)
    assert pruned.customdata[:3] == (1, 1, 1)
    assert "&lt;b&gt;slow&lt;/b&gt;" in pruned.hovertext[0]
    assert figure.layout.yaxis.ticktext == ("node-9", "node-10")


def test_without_any_attempt_there_is_no_timeline_and_no_cost(tmp_path: Path):
    sweep = read_sweep(write_sweep(tmp_path / "young"))
    subject = Subject(sweep, rank(sweep), 5)

    assert timeline_section(subject) is None
    assert cost_section(subject) is None


def test_cost_is_added_up_by_state_with_what_runs(sweep: Sweep):
    # Each trial trained for 30 s; ended ones say 60 s of GPU, the others 30 s times half a GPU.
    shares = {share.what: share for share in cost_by_state(sweep)}

    assert {what: (share.num_trials, share.training_s, share.gpu_s) for what, share in shares.items()} == {
        "complete": (1, 30, 60),
        "pruned": (1, 30, 60),
        "diverged": (1, 30, 60),
        "failed": (1, 30, 15),
        "running": (1, 30, 15),
        "waiting": (1, 0, 0),
    }
    assert shares["complete"].part == pytest.approx(60 / 210)


def test_repeats_cost_apart_from_the_search(sweep: Sweep):
    folder = sweep.folder
    ran(folder, 6, 10, 20, "node-9", "complete")
    start = read_trial(folder / "trials" / "0006").start
    write_record(folder / "trials" / "0006", start.model_copy(update={"origin": "repeat", "repeat_of": 0}))

    shares = {share.what: share.num_trials for share in cost_by_state(read_sweep(folder))}

    assert (shares["complete"], shares["repeats"]) == (1, 1)


def test_nodes_say_how_long_they_were_held_and_what_failed_on_them(sweep: Sweep):
    found = [(node.name, node.num_attempts, node.num_failed, node.held_s / 60) for node in cost_by_node(sweep)]

    assert found == [("node-10", 3, 0, 19), ("node-9", 4, 2, 6)]


def test_hours_between_a_kill_and_the_resume_are_held_by_nobody(tmp_path: Path):
    folder = write_sweep(tmp_path / "killed")
    trial = write_trial(folder, 0, [{"fid": 9.0, "accuracy": 0.5}] * 4)  # of 30 s each
    killed = Attempt(started=at(0), ended=None, node="a", trained_s=0.0)
    again = Attempt(started=at(600), ended=None, node="b", trained_s=60.0)
    latest = {"started": at(1200), "ended": at(1203), "node": "b", "trained_s": 90.0, "earlier": (killed, again)}
    write_record(trial, read_trial(trial).state.model_copy(update=latest))

    found = stretches(read_sweep(folder))

    assert [(one.began_s / 60, one.duration_s) for one in found] == [(0, 60), (600, 30), (1200, 180)]
    assert [(node.name, node.held_s) for node in cost_by_node(read_sweep(folder))] == [("b", 210), ("a", 60)]


def test_an_attempt_never_lasts_longer_than_until_the_next_one(tmp_path: Path):
    folder = write_sweep(tmp_path / "old")
    unseen = Attempt(started=at(0), ended=None, node="a")  # of records that do not say what was trained by then
    ran(folder, 0, 0.25, 9, "a", "complete", earlier=(unseen,))

    assert [one.duration_s for one in stretches(read_sweep(folder))] == [15, 525]


def test_a_clock_that_was_set_back_takes_no_time_away(tmp_path: Path):
    folder = write_sweep(tmp_path / "clock")
    ran(folder, 0, 60, 0, "a", "complete")
    ran(folder, 1, 0, None, "a", "running", earlier=(Attempt(started=at(60), ended=None, node="a", trained_s=0.0),))

    found = stretches(read_sweep(folder))

    assert [(one.trial.number, one.duration_s) for one in found] == [(1, 30), (0, 30), (1, 0)]


def test_the_last_sign_of_a_trial_is_its_last_evaluation_or_its_end(sweep: Sweep):
    assert [last_sign(trial) for trial in sweep.trials] == [at(10), at(4), at(10), at(9), at(7.5), NOON]
