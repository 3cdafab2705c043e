"""What a sweep does next and what becomes of its trials, played through without Ray."""

import random
import shutil
from pathlib import Path

import pytest
from played_sweeps import SPEC, Played, begin

from search.driver.failures import Failure
from search.driver.recovery import recovered
from search.driver.verdict import Verdict
from search.recording import write_record
from search.records import read_evaluations, read_sweep, read_trial, trial_folder

LOST = Failure("lost-node", "its node was lost")
DEAD = Failure("worker-death", "its worker died")
BUG = Failure("bug", "KeyError: 'x'")


def states(folder: Path) -> list[str]:
    return [trial.state.state for trial in read_sweep(folder).trials]


def test_every_trial_comes_to_an_end(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"))
    played.play()
    assert played.conductor.over
    assert len(states(played.folder)) == 8
    assert set(states(played.folder)) == {"complete", "pruned"}


@pytest.mark.parametrize("kind", ["pareto-asha", "asha", "median", "hyperband", "pbt", "pb2", "none"])
def test_broken_off_anywhere_and_any_number_of_times_it_ends_the_same(kind: str, tmp_path: Path):
    changes = {"pruning": {"kind": kind}}
    if kind in ("pbt", "pb2"):
        changes |= {"space": {"loss.l1": {"log": [1, 300]}}, "search": {"trials": 4, "seed": 1}}
        changes["pruning"]["interval"] = 3
    whole = Played(begin(tmp_path / "whole", **changes))
    whole.play()
    folder, pick = begin(tmp_path / "broken", **changes), random.Random(0)  # noqa: S311
    played = Played(folder)
    while not played.conductor.over:
        played.play(pick.randint(1, 12))
        if pick.random() < 0.5:
            played.start()  # broken off with a trial that has been handed out and not been evaluated
        played = Played(folder)
    assert played.table() == whole.table()


def test_no_more_trials_run_than_there_is_room_for(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"), slots=3)
    assert played.start() == [0, 1, 2]
    played = Played(begin(tmp_path / "limited", resources={"concurrent": 2}), slots=3)
    assert played.start() == [0, 1]


def test_lost_node_sends_a_trial_back_to_the_front_and_costs_it_nothing(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", failures={"worker_death": 0}), slots=2)
    played.start()
    for _ in range(5):
        played.fail(0, LOST)
        assert played.start() == [0]
    lost = read_trial(trial_folder(played.folder, 0))
    assert lost.state.failures == {"lost-node": 5}
    *over, now = lost.all_attempts
    assert [(attempt.cause, attempt.ended is not None) for attempt in over] == [("lost-node", True)] * 5
    assert (now.cause, now.ended) == ("", None)
    played.play()
    *before, last = read_trial(lost.folder).all_attempts
    assert before == over
    assert (last.started, last.ended is not None) == (now.started, True)


def test_trial_whose_worker_dies_too_often_has_failed_and_a_resume_tries_it_again(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", failures={"worker_death": 1}))
    played.start()
    played.fail(0, DEAD)
    assert played.start() == [0]
    played.fail(0, DEAD)
    state = read_trial(trial_folder(played.folder, 0)).state
    assert (state.state, state.cause, state.failures) == ("failed", "worker-death", {"worker-death": 2})
    assert played.start() == [1]
    assert Played(played.folder).start() == [0]


def test_same_bug_one_after_the_other_ends_the_sweep(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", failures={"same_bug": 3}))
    for number in range(3):
        assert played.start() == [number]
        played.fail(number, BUG)
    assert played.conductor.over
    assert played.conductor.fault == "one trial after the other failed: KeyError: 'x'"


def test_paused_trial_gives_its_place_up_and_stays_paused_over_a_resume(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"))
    played.start()
    played.conductor.break_off(0, Verdict("paused", "paused by ada"))
    played.evaluate(0)
    assert states(played.folder) == ["paused"]
    assert played.start() == [1]
    played = Played(played.folder)
    played.play()
    assert states(played.folder)[0] == "paused"
    assert played.conductor.over  # the paused one does not hold the others up
    played.conductor.put_down(0, Verdict("waiting"))
    played.play()
    assert states(played.folder)[0] in ("complete", "pruned")


def test_killed_trial_is_pruned_with_the_reason_of_the_order(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"))
    played.start()
    played.conductor.break_off(0, Verdict("pruned", "killed by ada"), kill=True)
    assert played.conductor.to_kill == {0}
    played.fail(0, DEAD)
    state = read_trial(trial_folder(played.folder, 0)).state
    assert (state.state, state.reason, played.conductor.to_kill) == ("pruned", "killed by ada", set())


def test_spent_budget_breaks_off_what_runs_and_a_larger_one_goes_on(tmp_path: Path):
    hour = {"gpu": 1.0}, {"gpu_hours": 10 * 60 / 3600}
    folder = begin(tmp_path / "sweep", resources=hour[0], budget=hour[1])
    played = Played(folder, slots=2)
    played.play()
    assert played.conductor.ending == "the budget of 0.166667 GPU-hours is spent"
    assert not played.conductor.running or played.conductor.close() is None
    assert sum(len(trial.evaluations) for trial in read_sweep(folder).trials) <= 12
    assert "running" not in states(folder)
    again = Played(folder)
    assert again.conductor.next_trial() is None
    again.conductor.ledger.change("more", "ada", "", 2, budget={"gpu_hours": 100.0})
    whole = Played(folder)
    whole.play()
    assert len(states(folder)) == SPEC["search"]["trials"]
    assert whole.conductor.ledger.record.lineage[0].who == "ada"


def test_repeats_are_trained_to_the_end_and_told_apart(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"))
    played.play()
    best = next(trial for trial in read_sweep(played.folder).trials if trial.state.state == "complete")
    numbers = [played.conductor.queue.repeat(best, seed) for seed in (1, 2)]
    played.play()
    repeats = [trial for trial in read_sweep(played.folder).trials if trial.start.origin == "repeat"]
    assert [trial.number for trial in repeats] == numbers == [8, 9]
    for trial, seed in zip(repeats, (1, 2), strict=True):
        assert trial.state.state == "complete"
        assert trial.config == best.config | {"seed": seed}
        assert trial.start.repeat_of == best.number


def test_point_without_a_trial_is_recorded_and_passed_over(tmp_path: Path):
    space = {"loss.l1": {"log": [1, 300]}, "loss.adversarial": ["bce", "lsgan"], "data.batch_size": {"int": [1, 64]}}
    played = Played(begin(tmp_path / "sweep", space=space, search={"trials": 20}))
    played.play()
    assert len(states(played.folder)) == 20


def test_population_that_turns_out_smaller_than_asked_for_goes_on(tmp_path: Path):
    changes = {"space": {"loss.l1": {"log": [1, 300]}}, "pruning": {"kind": "pbt", "interval": 3}}
    folder = begin(tmp_path / "sweep", search={"trials": 8, "seed": 1}, **changes)
    played = Played(folder, slots=3)
    played.play(9)
    assert len(played.conductor.parked) == 3
    played.conductor.ledger.change("fewer", "ada", "", 3, search={"trials": 4, "seed": 1})
    played.play()
    assert states(folder) == ["complete"] * 4


def test_repeats_run_although_the_target_is_reached_and_nothing_else_does(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", budget={"target": {"l1": 0.3}}, pruning={"kind": "none"}))
    played.play()
    assert played.conductor.ending == "the target is reached (l1 0.3)"
    assert "complete" not in states(played.folder)
    again = Played(played.folder)
    again.conductor.queue.repeat(read_trial(trial_folder(played.folder, 0)), 7)
    again.play()
    assert states(played.folder)[-1] == "complete"
    assert len(states(played.folder)) == 2


def test_pausing_the_sweep_spares_no_trial_that_is_to_be_pruned(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"), slots=2)
    played.start()
    played.conductor.break_off(0, Verdict("pruned", "hopeless"))
    played.conductor.put_all_down()
    assert not played.conductor.break_off(0, Verdict("paused"))
    for number in (0, 1):
        played.evaluate(number)
    assert states(played.folder) == ["pruned", "waiting"]


def test_trial_that_is_to_be_put_down_can_be_taken_back(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"))
    played.start()
    played.conductor.break_off(0, Verdict("paused"))
    assert played.conductor.take_back(0)
    played.evaluate(0)
    assert states(played.folder) == ["running"]


def test_full_disk_ends_the_sweep_and_costs_no_trial(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep"))
    played.start()
    played.fail(0, Failure("full-disk", "OSError: No space left on device"))
    assert played.conductor.over
    assert played.conductor.fault == "a disk is full: OSError: No space left on device"
    assert states(played.folder) == ["waiting"]


def test_copy_that_lacks_trials_shows_it(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", search={"trials": 3}))
    played.play()
    played.conductor.ledger.count_trials(read_sweep(played.folder))
    shutil.rmtree(trial_folder(played.folder, 2))
    assert read_sweep(played.folder).unreadable == {"0002": "no folder: not copied, or deleted"}
    played.conductor.ledger.count_trials(read_sweep(played.folder))
    assert read_sweep(played.folder).record.num_trials == 3


def test_records_that_cannot_be_mended_stay_as_they_are(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", pruning={"kind": "none"}, search={"trials": 2}))
    played.play()
    lost, damaged = (trial_folder(played.folder, number) for number in (0, 1))
    (lost / "state.json").unlink()
    evaluations = read_evaluations(lost)
    (damaged / "exploits.jsonl").write_text("{")
    before = {path: path.read_bytes() for path in damaged.iterdir() if path.is_file()}
    notes: list[str] = []
    (found,) = recovered(played.folder, notes.append).trials
    assert (found.state.state, found.evaluations) == ("waiting", evaluations)
    assert {path: path.read_bytes() for path in damaged.iterdir() if path.is_file()} == before
    assert notes[1] == (
        "the sweep goes on without what cannot be read of trial 0001: exploits.jsonl: Invalid JSON: EOF while parsing "
        "an object"
    )


def test_failed_attempt_keeps_its_cause_when_its_trial_is_tried_again(tmp_path: Path):
    played = Played(begin(tmp_path / "sweep", pruning={"kind": "none"}, search={"trials": 1}))
    played.play()
    folder = trial_folder(played.folder, 0)
    write_record(folder, read_trial(folder).state.model_copy(update={"state": "failed", "cause": "bug"}))
    (trial,) = recovered(played.folder, print).trials
    assert (trial.state.state, trial.state.cause) == ("waiting", "")
    assert [attempt.cause for attempt in trial.all_attempts] == ["bug"]


def test_copy_in_mid_write_and_damaged_records_are_mended_before_a_resume(tmp_path: Path):
    whole = Played(begin(tmp_path / "sweep", pruning={"kind": "none"}, search={"trials": 3}))
    whole.play()
    before, folder = whole.table(), whole.folder
    lines = (trial_folder(folder, 0) / "evaluations.jsonl").read_text().splitlines(keepends=True)
    (trial_folder(folder, 0) / "evaluations.jsonl").write_text("".join(lines[:-1]))
    (trial_folder(folder, 1) / "state.json").write_text("")
    (trial_folder(folder, 2) / "evaluations.jsonl").write_text("".join([lines[0][:9] + "\n", *lines[1:]]))
    notes: list[str] = []
    assert [trial.state.state for trial in recovered(folder, notes.append).trials] == ["waiting"] * 3
    assert read_trial(trial_folder(folder, 2)).state.attempts == 1
    mended, _, told = notes
    assert mended.startswith("trial 0001: its records were damaged, and follow from its last checkpoint anew")
    assert told == "trial 0000: evaluations.jsonl: 8 of 9 evaluations are there, as in a copy made in mid-write"
    again = Played(folder)
    assert again.start() == [0]
    again.play()
    assert again.table()[0] == before[0]
