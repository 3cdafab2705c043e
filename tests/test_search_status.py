"""What is shown of a sweep that runs, has ended, or was half copied, from its records alone."""

import io
import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from recorded_sweeps import NOON, write_sweep, write_trial
from rich.console import Console
from typer.testing import CliRunner

from search.control.mailbox import send
from search.control.orders import Order
from search.driver.lock import only_driver
from search.errors import SweepError
from search.recording import write_record
from search.records import Change, FailedTest, TrialState, read_sweep_record, read_trial
from search.status.commands import status
from search.status.reader import SweepReader
from search.status.show import show_status
from search.status.summarise import pareto_front, summarise
from search.status.summary import SweepSummary
from search.status.watch import watch_status

SPEC = {
    "search": {"trials": 12, "sampler": "tpe"},
    "space": {"loss.l1": {"log": [1, 300]}},
    "resources": {"gpu": 0.5},
    "budget": {"gpu_hours": 1, "stagnation": 6, "target": {"fid": 50, "accuracy": 0.5}},
    "constraints": ["accuracy >= 0.4"],
    "disk": {"quota_gb": 2},
}


def change_state(trial: Path, **fields: Any) -> None:
    before = read_trial(trial).state
    write_record(trial, TrialState.model_validate(before.model_dump() | fields))


def values(fid: float, accuracy: float) -> dict[str, float]:
    return {"fid": fid, "accuracy": accuracy}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    change = Change(when=NOON, who="ann@here", why="too few", what="search.trials: 9 -> 12", num_trials=4)
    sweep = write_sweep(tmp_path_factory.mktemp("recorded") / "small", spec=SPEC, lineage=[change])
    for number, (fid, accuracy) in enumerate([(40.0, 0.3), (60.0, 0.9), (45.0, 0.6), (70.0, 0.8)]):
        trial = write_trial(sweep, number, [values(99.0, 0.1), values(fid, accuracy)], params={"loss.l1": 10.0})
        change_state(trial, ended=NOON + timedelta(minutes=number + 1))
    write_trial(sweep, 4, [values(80.0, 0.2)], "pruned")
    change_state(sweep / "trials/0004", ended=NOON + timedelta(minutes=6))
    for number, (state, failures) in enumerate([("running", {"preemption": 2}), ("paused", {}), ("waiting", {})], 5):
        change_state(write_trial(sweep, number, [values(90.0, 0.2)]), state=state, gpu_seconds=0.0, failures=failures)
    for number in (8, 9):
        trial = write_trial(sweep, number, [], "failed", f"KeyError: {number}")
        change_state(trial, cause="bug", failures={"bug": 1}, ended=NOON + timedelta(minutes=number))
        (trial / "error.txt").write_text("Traceback")
    (sweep / "trials/0000/checkpoints").mkdir()
    (sweep / "trials/0000/checkpoints/last.pt").write_bytes(bytes(3_000_000))
    return sweep


@pytest.fixture
def sweep(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "small"))


def summary(sweep: Path) -> SweepSummary:
    return summarise(SweepReader(sweep).read(), datetime.now(UTC))


def shown(sweep: Path) -> str:
    text = io.StringIO()
    show_status(SweepReader(sweep).read(), Console(file=text, width=120))
    return text.getvalue()


def test_front_is_of_complete_trials_that_meet_the_constraints(sweep: Path):
    # Trial 0 has the best FID, but too low an accuracy; 3 is worse than 1 in both.
    assert [trial.number for trial in pareto_front(SweepReader(sweep).read())] == [2, 1]


def test_summary_counts_what_is_used_of_the_budget(sweep: Path):
    found = summary(sweep)
    assert found.states == {"complete": 4, "pruned": 1, "running": 1, "paused": 1, "waiting": 1, "failed": 2}
    assert (found.budget["trials"].used, found.budget["trials"].limit) == (10, 12)
    # 60 s of each trial that has ended, and half a GPU of 30 s of each of the three that have not.
    assert found.budget["gpu_hours"].used == pytest.approx((7 * 60 + 3 * 15) / 3600)
    # After trial 2, the last that added to the hypervolume, 3, 4, 8 and 9 have ended.
    assert found.budget["stagnation"].used == 4
    assert found.target is not None
    assert found.target.reached_by == 2
    assert (found.disk.used_gb, found.disk.quota_gb) == (0.003, 2)
    assert (found.driver, found.eta, found.running[0].silent_s) == (None, None, None)


def test_failures_are_counted_by_cause_and_equal_ones_stand_together(sweep: Path):
    found = summary(sweep)
    assert found.failed_attempts == {"preemption": 2, "bug": 2}
    (failure,) = found.failures
    assert (failure.cause, failure.reason, failure.num_trials) == ("bug", "KeyError: 8", 2)
    assert failure.error_file == str(sweep / "trials/0008/error.txt")
    assert "2 trials failed, bug, the first of them trial 8: KeyError: 8; trace: " in shown(sweep)


def test_sweep_that_runs_tells_the_time_left_and_how_long_trials_are_silent(sweep: Path):
    an_hour_ago = time.time() - 3600
    os.utime(sweep / "trials/0005/evaluations.jsonl", (an_hour_ago, an_hour_ago))
    with only_driver(sweep):
        found, text = summary(sweep), shown(sweep)
    assert found.driver is not None
    assert found.driver.startswith(f"process {os.getpid()} on ")
    assert found.running[0].silent_s == pytest.approx(3600, abs=60)
    assert found.eta is not None
    assert 0 <= found.eta.low_s <= found.eta.median_s <= found.eta.high_s
    assert found.eta.text in text
    assert "60 min ago" in text or "1 h ago" in text


def test_paused_sweep_tells_no_time_left(sweep: Path):
    record = SweepReader(sweep).read().record
    write_record(sweep, record.model_copy(update={"paused": True}))
    with only_driver(sweep):
        assert summary(sweep).eta is None
        assert "it is paused: no trial starts" in shown(sweep)


def test_console_shows_all_of_it(sweep: Path):
    send(sweep, Order(id="x", kind="prune", trials=(5,), who="bob@there", when=NOON))
    text = shown(sweep)
    for line in (
        "sweep small: 1 waiting, 1 running, 1 paused, 4 complete, 1 pruned, 2 failed; 12 asked for",
        f"it does not run; go on with `huetune sweep resume small --storage {sweep.parent}`",
        "used: 10 of 12 trials, ",
        "of 1 GPU-hours, 4 of 6 trials without progress, 0.003 of 2 GB of checkpoints",
        "target fid 50, accuracy 0.5: reached by trial 2",
        "failed attempts: 2 bug, 2 preemption",
        "order not carried out yet: prune 5 by bob@there",
        "changed 2026-11-20 12:00 UTC by ann@here: search.trials: 9 -> 12 (too few)",
        "Pareto front, accuracy >= 0.4",
        "broken off",
        "waiting to go on",
    ):
        assert line in text


def test_constraints_that_nobody_meets_are_told(sweep: Path):
    record = read_sweep_record(sweep)
    hard = record.spec | {"constraints": ["accuracy >= 0.95"]}
    write_record(sweep, record.model_copy(update={"spec": hard}))
    assert "no complete trial meets accuracy >= 0.95" in shown(sweep)


def test_record_that_says_little_is_shown_all_the_same(tmp_path: Path):
    sweep = write_sweep(tmp_path / "little")
    assert shown(sweep).startswith("sweep little: no trial yet\n")


def test_half_copied_trials_are_named_and_the_rest_is_shown(sweep: Path):
    (sweep / "trials/0001/trial.json").unlink()
    (sweep / "trials/0002/evaluations.jsonl").write_bytes(b'{"epoch": 1\xff')
    (sweep / "trials/0003/state.json").write_text("")
    shutil.rmtree(sweep / "trials/0004")
    found, text = summary(sweep), shown(sweep)
    assert list(found.unreadable) == ["0001", "0003", "0004"]
    assert list(found.notices) == ["0002"]
    assert (found.states["complete"], [trial.number for trial in found.front]) == (2, [])
    for line in (
        "unreadable: 0001: trial.json: ",
        "unreadable: 0004: no folder: not copied, or deleted",
        "trial 0002: evaluations.jsonl: its last line is cut off, 0 before it were read; evaluations.jsonl: not all ",
    ):
        assert line in text


def test_finished_copy_that_lacks_trials_is_not_told_as_finished(tmp_path: Path):
    sweep = write_sweep(tmp_path / "copied", num_trials=3)
    write_trial(sweep, 0, [values(60.0, 0.9)])
    assert "it is finished, but for 2 trials that cannot be read; `huetune sweep resume" in shown(sweep)
    assert "unreadable: 0001, 0002: no folder: not copied, or deleted" in shown(sweep)


def test_failed_test_of_a_repeat_is_told(sweep: Path):
    write_record(sweep / "trials/0000", FailedTest(when=NOON, node="node-1", reason="DataError: no such file"))
    assert "trial 0000: its test failed: DataError: no such file" in shown(sweep)


def test_only_changed_trials_are_read_again(sweep: Path, monkeypatch: pytest.MonkeyPatch):
    reader, read = SweepReader(sweep), []

    def spy(folder: Path) -> Any:
        read.append(folder.name)
        return read_trial(folder)

    monkeypatch.setattr("search.status.reader.read_trial", spy)
    first = reader.read()
    assert len(read) == 10
    write_trial(sweep, 10, [values(1.0, 1.0)])
    change_state(sweep / "trials/0005", state="complete")
    second = reader.read()
    assert sorted(read[10:]) == ["0005", "0010"]
    assert second.trials[0] is first.trials[0]
    assert second.trials[5].state.state == "complete"


def run(sweep: Path, *options: str) -> str:
    app = typer.Typer()
    app.command()(status)
    result = CliRunner().invoke(app, [sweep.name, "--storage", str(sweep.parent), *options])
    if result.exception:
        raise result.exception
    return result.stdout


def test_json_is_one_object_with_the_documented_keys(sweep: Path):
    found = json.loads(run(sweep, "--json"))
    assert set(found) == set(SweepSummary.model_fields)
    assert [trial["number"] for trial in found["front"]] == [2, 1]
    with pytest.raises(SweepError, match="give one of them"):
        run(sweep, "--json", "--watch")


def test_watch_into_a_file_prints_once(sweep: Path):
    with only_driver(sweep):
        assert run(sweep, "--watch").count("sweep small: ") == 1


def watched(sweep: Path, during: Callable[[int], None]) -> str:
    """What a terminal gets; `during` is called in place of each pause."""
    text, pauses = io.StringIO(), iter(range(9))
    console = Console(file=text, force_terminal=True, width=120, height=50)
    watch_status(SweepReader(sweep), console, sleep=lambda seconds: during(next(pauses)))
    return text.getvalue()


def test_watch_draws_changes_until_the_sweep_ends(sweep: Path):
    driver = only_driver(sweep)
    driver.__enter__()

    def during(pause: int) -> None:
        if pause == 0:
            change_state(sweep / "trials/0005", state="complete")
        if pause == 1:
            driver.__exit__(None, None, None)

    text = watched(sweep, during)
    assert text.count("4 complete") == 1
    assert "5 complete" in text
    assert "it does not run; go on with" in text


def test_ctrl_c_ends_the_watch_and_nothing_else(sweep: Path):
    def during(pause: int) -> None:
        raise KeyboardInterrupt

    with only_driver(sweep) as session:
        assert "runs it now" in watched(sweep, during)
        assert not session.lost


def test_status_changes_nothing(sweep: Path):
    def files() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in sweep.rglob("*") if path.is_file()}

    before = files()
    shown(sweep)
    run(sweep, "--json")
    assert files() == before
