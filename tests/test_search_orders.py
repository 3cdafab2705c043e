"""What a running sweep does when it is told to, and what it answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from played_sweeps import Played, begin

from search.control.mailbox import Mailbox, new_id, send, wait_for_answer
from search.control.orders import Answer, Order, OrderKind
from search.driver.orders import OrderDesk
from search.recording import write_record
from search.records import Trial, read_sweep, read_trial, trial_folder


def told(played: Played, kind: OrderKind, *trials: int, **values: Any) -> Answer:
    """The answer to an order."""
    desk = OrderDesk(Mailbox(played.folder), played.conductor)
    order = Order(
        id=new_id(),
        kind=kind,
        trials=trials,
        values=values,
        who="ada@lab",
        when=datetime.now(UTC),
        why="too slow",
    )
    send(played.folder, order)
    desk.attend()
    answer = wait_for_answer(played.folder, order.id, 0)
    assert answer is not None
    return answer


def trial(played: Played, number: int) -> Trial:
    return read_trial(trial_folder(played.folder, number))


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """A sweep of which trials 0 and 1 run."""
    sweep = Played(begin(tmp_path / "sweep", pruning={"kind": "none"}), slots=2)
    sweep.start()
    return sweep


def test_stop_ends_the_sweep_at_once_and_says_who_wanted_it(played: Played):
    assert told(played, "stop").done
    assert (played.conductor.ending, played.conductor.at_once) == ("stopped by ada@lab: too slow", True)
    played.conductor.close()
    assert trial(played, 0).state.state == "waiting"


def test_paused_sweep_starts_nothing_until_it_is_unpaused_also_after_a_resume(played: Played):
    assert told(played, "pause").done
    for number in (0, 1):
        played.evaluate(number)
    assert (played.start(), played.conductor.over) == ([], False)
    again = Played(played.folder, slots=2)
    assert (again.start(), again.conductor.over) == ([], False)
    assert told(again, "unpause").done
    assert again.start() == [0, 1]


def test_trials_are_paused_and_unpaused_one_by_one(played: Played):
    assert told(played, "pause", 1).text == "trial 1 pauses at its next evaluation"
    played.evaluate(1)
    assert trial(played, 1).state.state == "paused"
    assert trial(played, 1).state.reason == "paused by ada@lab: too slow"
    assert not told(played, "unpause", 0).done
    assert told(played, "unpause", 1).done
    assert played.start() == [1]


def test_pruned_trial_ends_at_its_next_evaluation_or_at_once_if_it_only_waits(played: Played):
    told(played, "pause", 0)
    played.evaluate(0)
    assert told(played, "prune", 0, 1).text == "trial 0 is pruned; trial 1 ends at its next evaluation"
    played.evaluate(1)
    for number in (0, 1):
        assert (trial(played, number).state.state, trial(played, number).state.reason) == (
            "pruned",
            "pruned by ada@lab: too slow",
        )
    assert told(played, "prune", 0).text == "trial 0 is pruned: there is nothing to prune"


def test_only_what_runs_can_be_killed(played: Played):
    assert told(played, "kill", 0).done
    assert played.conductor.to_kill == {0}
    refused = told(played, "kill", 5)
    assert (refused.done, refused.text) == (False, "there is no trial 5; 2 have been started")


def test_enqueued_trial_comes_next_with_what_it_leaves_open_as_in_another(played: Played):
    adversarial = trial(played, 0).params["loss.adversarial"]
    assert told(played, "enqueue", like=0, values={"loss.l1": 50.0}).text == "it is trial 2"
    assert trial(played, 2).params == {"loss.l1": 50.0, "loss.adversarial": adversarial}
    assert (trial(played, 2).start.origin, trial(played, 2).start.note) == (
        "enqueued",
        "enqueued by ada@lab: too slow, like trial 0",
    )
    assert not told(played, "enqueue", like=None, values={"loss.l1": 500.0}).done
    twin = told(played, "enqueue", like=2, values={"loss.l1": 50})
    assert (twin.done, twin.text) == (True, "trial 2 has these values already: none is added")
    told(played, "limit", concurrent=3)
    assert played.start() == [2]
    played.play()
    assert len(read_sweep(played.folder).trials) == 9  # those of the sampler, and this one


def test_limit_and_budget_change_the_spec_and_its_lineage(played: Played):
    assert told(played, "limit", concurrent=1).done
    assert told(played, "budget", trials=3, hours=5.0).text == "trials: 8 -> 3, hours: None -> 5.0"
    played.play()
    assert len(read_sweep(played.folder).trials) == 3
    first, second = read_sweep(played.folder).record.lineage
    assert (first.what, first.who, first.why, first.num_trials) == (
        "resources.concurrent: None -> 1",
        "ada@lab",
        "too slow",
        2,
    )
    assert second.what == "trials: 8 -> 3, hours: None -> 5.0"
    assert Played(played.folder).conductor.ledger.spec.search.trials == 3


def test_best_trials_are_repeated_once_with_each_seed(played: Played):
    assert told(played, "repeat", top=2, seeds=2).text == "no trial is complete yet, so there is none to repeat"
    played.play()
    assert told(played, "repeat", top=2, seeds=2).text.startswith("4 new trials repeat ")
    played.play()
    assert told(played, "repeat", top=2, seeds=2).text.endswith("have been repeated with these seeds")
    repeats = [trial for trial in read_sweep(played.folder).trials if trial.start.origin == "repeat"]
    assert sorted(trial.config["seed"] for trial in repeats) == [1, 1, 2, 2]
    assert {trial.state.state for trial in repeats} == {"complete"}


def test_orders_are_told_to_who_runs_the_sweep_too(played: Played):
    told(played, "limit", concurrent=1)
    told(played, "repeat", top=1, seeds=1)
    assert played.progress.notes[-2:] == [
        "limit by ada@lab: too slow: 1 at once from now on",
        "repeat by ada@lab: too slow refused: no trial is complete yet, so there is none to repeat",
    ]


def test_repeats_are_refused_while_the_photos_of_the_test_are_missing(tmp_path: Path):
    data = {"train": "t", "val": "v", "test": str(tmp_path / "gone.beton")}
    played = Played(begin(tmp_path / "sweep", data=data, pruning={"kind": "none"}, search={"trials": 1}))
    record = read_sweep(played.folder).record
    write_record(
        played.folder, record.model_copy(update={"data": record.data | {"test": {"sha256": "ab", "file": "f"}}})
    )
    played = Played(played.folder)
    played.play()
    answer = told(played, "repeat", top=1, seeds=1)
    assert (answer.done, "gone.beton is not a file" in answer.text) == (False, True)
    assert len(read_sweep(played.folder).trials) == 1
