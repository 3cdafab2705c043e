"""Orders from another terminal, with a real mailbox on both sides."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from recorded_sweeps import NOON, write_sweep, write_trial
from typer.testing import CliRunner

from data.errors import HuetuneError
from search.control import giving
from search.control.commands import register
from search.control.mailbox import Mailbox, new_id, send, wait_for_answer, waiting_orders, who
from search.control.orders import Answer, Order, OrderKind
from search.driver.lock import only_driver
from search.records import State

HINGE = {"loss.adversarial": "hinge"}
RESUME = "huetune sweep resume small --storage "


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trials 0 to 4, one in each of these states."""
    spec = {
        "name": "small",
        "data": {"train": "/data/train.beton", "val": "/data/val.beton"},
        "objectives": {"l1": "min"},
        "base": {"model": {"width": 0.125, "depth": 4}, "evaluation": {"fid_images": 0}, "epochs": 3},
        "space": {"loss.l1": {"log": [1, 300]}, "loss.adversarial": ["bce", "hinge"]},
        "search": {"trials": 10},
    }
    folder = write_sweep(tmp_path_factory.mktemp("recorded") / "small", spec=spec)
    states: list[State] = ["complete", "running", "paused", "waiting", "failed"]
    for number, state in enumerate(states):
        write_trial(folder, number, [{"fid": 80.0, "accuracy": 0.5}], state, params={"loss.l1": 10.0})
    return folder


@pytest.fixture
def sweep(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "small"))


def order(kind: OrderKind, when: datetime = NOON, **fields: Any) -> Order:
    return Order(id=new_id(), kind=kind, who="ann@here", when=when, why="to see", **fields)


def log(sweep: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (sweep / "control" / "log.jsonl").read_text().splitlines()]


def names(sweep: Path, folder: str) -> list[str]:
    return sorted(path.name for path in (sweep / "control" / folder).iterdir())


def test_orders_come_oldest_first_and_each_is_answered_and_logged(sweep: Path):
    mailbox = Mailbox(sweep)
    assert mailbox.pending() == []
    later, earlier = order("pause", NOON + timedelta(seconds=1)), order("limit", values={"concurrent": 2})
    send(sweep, later)
    send(sweep, earlier)
    assert waiting_orders(sweep) == mailbox.pending() == [earlier, later]
    mailbox.answer(earlier, True, "2 at once")
    assert mailbox.pending() == [later]
    answer = wait_for_answer(sweep, earlier.id, timeout_s=0)
    assert answer is not None
    assert (answer.done, answer.text) == (True, "2 at once")
    assert names(sweep, "answers") == []
    (entry,) = log(sweep)
    assert Order.model_validate(entry["order"]) == earlier
    assert Answer.model_validate(entry["answer"]) == answer


def test_nobody_answers_in_time(sweep: Path):
    slept: list[float] = []
    clock = iter([0.0, 0.0, 5.0, 10.0])
    assert wait_for_answer(sweep, "none", 10.0, lambda: next(clock), slept.append) is None
    assert len(slept) == 2


@pytest.mark.parametrize("lost", ["answer and order", "order", "half of the log"])
def test_order_that_a_crash_left_behind_is_not_carried_out_twice_nor_lost(sweep: Path, lost: str):
    mailbox, given = Mailbox(sweep), order("pause")
    file = send(sweep, given)
    content, answer_file = file.read_bytes(), sweep / "control" / "answers" / f"{given.id}.json"
    assert mailbox.pending() == [given]
    mailbox.answer(given, True, "paused")
    file.write_bytes(content)  # the state of the disk before the order was removed
    if lost == "answer and order":
        answer_file.unlink()
    if lost == "half of the log":
        path = sweep / "control" / "log.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        assert Mailbox(sweep).pending() == [given]
        return
    again = Mailbox(sweep)
    assert (again.pending(), file.exists(), answer_file.exists()) == ([], False, True)
    other = order("unpause")
    send(sweep, other)
    again.answer(again.pending()[0], True, "goes on")
    assert [entry["answer"]["text"] for entry in log(sweep)] == ["paused", "goes on"]


def test_stop_that_came_too_late_does_not_stop_the_next_run(sweep: Path):
    late, kept = order("stop"), order("pause")
    send(sweep, late)
    send(sweep, kept)
    assert Mailbox(sweep).pending() == [kept]
    answer = wait_for_answer(sweep, late.id, 0)
    assert answer is not None
    assert (answer.done, "had ended" in answer.text) == (False, True)


def test_what_is_no_order_is_refused(sweep: Path):
    whole = send(sweep, order("pause"))
    text = whole.read_text()
    orders = {
        "20260101T000000000000Z-half.json": text[:-9],
        "20260101T000000000000Z-bytes.json": "\udcff\x00",
        "20260101T000000000000Z-another.json": text,
        "nonsense.json": "[]",
        "x-limit.json": order("limit", values={"concurrent": 0})
        .model_dump_json()
        .replace('"id":"', '"id":"limit","x":"'),
        "x-nobody.json": order("kill").model_copy(update={"id": "nobody"}).model_dump_json(),
        "x-hours.json": order("budget", values={"hour": 3}).model_copy(update={"id": "hours"}).model_dump_json(),
    }
    for name, content in orders.items():
        (whole.parent / name).write_bytes(content.encode(errors="surrogateescape"))
    (whole.parent / ".x.partial").write_text("")
    (whole.parent / "folder.json").mkdir()
    mailbox = Mailbox(sweep)
    assert [order.kind for order in mailbox.pending()] == ["pause"]
    refusals = [entry for entry in log(sweep) if not entry["answer"]["done"]]
    assert len(refusals) == len(orders)
    assert all("cannot be read as an order" in entry["answer"]["text"] for entry in refusals)
    assert all("\n" not in entry["answer"]["text"] for entry in refusals)
    assert wait_for_answer(sweep, "half", 0) is not None
    assert names(sweep, "orders") == sorted([".x.partial", "folder.json", whole.name])


def test_answer_that_could_not_be_written_is_tried_again(sweep: Path):
    mailbox, given = Mailbox(sweep), order("pause")
    send(sweep, given)
    mailbox.pending()
    (sweep / "control" / "log.jsonl").mkdir()  # in the way
    mailbox.answer(given, True, "paused")
    assert (mailbox.pending(), wait_for_answer(sweep, given.id, 0)) == ([], None)
    (sweep / "control" / "log.jsonl").rmdir()
    assert mailbox.pending() == []
    assert wait_for_answer(sweep, given.id, 0) is not None
    assert (len(log(sweep)), names(sweep, "orders")) == (1, [])


# The commands


def command(sweep: Path, *arguments: object) -> str:
    """What it prints."""
    app = typer.Typer()
    register(app)
    typed = [str(argument) for argument in arguments]
    result = CliRunner().invoke(app, [typed[0], sweep.name, *typed[1:], "--storage", str(sweep.parent)])
    if result.exception:
        raise result.exception
    assert result.stdout.count("\n") == 1
    return result.stdout.strip()


@contextmanager
def driven(sweep: Path, done: bool = True, text: str = "as you say") -> Iterator[list[Order]]:
    """A process that runs the sweep and answers everything so; what it was told."""
    told: list[Order] = []
    over = threading.Event()

    def attend(mailbox: Mailbox) -> None:
        while not over.wait(0.001):
            for given in mailbox.pending():
                told.append(given)
                mailbox.answer(given, done, text)

    with only_driver(sweep):
        thread = threading.Thread(target=attend, args=(Mailbox(sweep),))
        thread.start()
        yield told
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("typed", "kind", "trials", "values"),
    [
        (["stop"], "stop", (), {}),
        (["pause"], "pause", (), {}),
        (["pause", 1, 3], "pause", (1, 3), {}),
        (["unpause", 2], "unpause", (2,), {}),
        (["prune", 1, 2, 3, 4], "prune", (1, 2, 3, 4), {}),
        (["kill", 1], "kill", (1,), {}),
        (["limit", 3], "limit", (), {"concurrent": 3}),
        (["limit", "none"], "limit", (), {"concurrent": None}),
        (["budget", "--trials", 20, "--hours", "none"], "budget", (), {"trials": 20, "hours": None}),
        (["enqueue", "loss.l1=50"], "enqueue", (), {"like": None, "values": {"loss.l1": 50}}),
        (["enqueue", "--like", 0, "loss.adversarial=hinge"], "enqueue", (), {"like": 0, "values": HINGE}),
        (["budget", "--gpu-hours", 1.5, "--stagnation", 9], "budget", (), {"gpu_hours": 1.5, "stagnation": 9}),
    ],
)
def test_order_reaches_the_driver_with_who_and_why_and_its_answer_comes_back(
    sweep: Path, typed: list[Any], kind: str, trials: tuple[int, ...], values: dict[str, Any]
):
    before = datetime.now(UTC)
    with driven(sweep) as told:
        assert command(sweep, *typed, "--why", "a\n reason") == "as you say"
    assert [(given.kind, given.trials, given.values) for given in told] == [(kind, trials, values)]
    assert (told[0].who, told[0].why) == (who(), "a reason")
    assert before <= told[0].when <= datetime.now(UTC)


def test_refusal_of_the_driver_is_an_error(sweep: Path):
    with (
        driven(sweep, done=False, text="trial 1 has just ended"),
        pytest.raises(HuetuneError, match=r"^trial 1 has just"),
    ):
        command(sweep, "prune", 1)


def test_busy_driver_carries_an_order_out_later(sweep: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(giving, "TIMEOUT_S", 0.0)
    with only_driver(sweep):
        assert "carries it out when it gets to it" in command(sweep, "stop")
    assert [given.kind for given in waiting_orders(sweep)] == ["stop"]


@pytest.mark.parametrize(
    "typed", [["pause"], ["unpause", 2], ["prune", 1, 2, 3], ["limit", 1], ["budget", "--hours", 2]]
)
def test_order_to_a_sweep_that_does_not_run_is_kept_for_the_resume(sweep: Path, typed: list[Any]):
    said = command(sweep, *typed)
    assert said.startswith("kept, as small does not run now: ")
    assert RESUME in said
    assert [given.kind for given in Mailbox(sweep).pending()] == [typed[0]]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["stop"], f"sweep small does not run, so there is nothing to stop; go on with `{RESUME}"),
        (["kill", 1], "sweep small does not run, so there is nothing to kill; go on with "),
        (["kill", 4], "trial 4 is failed: there is nothing to kill"),
        (["prune", 0], "trial 0 is complete: there is nothing to prune"),
        (["pause", 2], "trial 2 is paused: there is nothing to pause"),
        (["unpause", 1], "trial 1 is running: there is nothing to unpause"),
        (["prune", 7], "sweep small has no trial 7; they are 0 to 4"),
        (["limit", 0], "limit: concurrent: Input should be greater than or equal to 1 (got 0)"),
        (["limit", "few"], "limit: few is no number; give one, or none to lift the limit"),
        (["limit", 1.5], "limit: concurrent: Input should be a valid integer, got a number with a fractional part"),
        (["budget"], "budget: nothing to change; give --trials, --hours, --gpu-hours or --stagnation"),
        (["budget", "--hours", "-1"], "budget: hours: Input should be greater than 0 (got -1)"),
        (["budget", "--hours", "nan"], "budget: hours: must be a finite number"),
        (["budget", "--trials", "none"], "budget: trials: "),
        (["budget", "--gpu-hours", "1e"], "--gpu-hours: 1e is no number; give one, or none to lift the limit"),
        (["enqueue", "loss.l1"], "loss.l1: is no setting; give KEY=VALUE, such as loss.l1=50"),
        (["enqueue", "loss.l1=1", "loss.l1=2"], "loss.l1=2: loss.l1 is given twice; give one value"),
        (["enqueue", "loss.l2=1"], "loss.l2 is not searched; did you mean loss.l1?"),
        (["enqueue", "loss.l1=0"], "it has loss.l1 0, which {log: [1, 300]} does not contain"),
        (["enqueue", "--like", 9, "loss.l1=2"], "sweep small has no trial 9; they are 0 to 4"),
        (["enqueue", "loss.l1={"], "loss.l1={: { is no YAML value; put it into quotes"),
    ],
)
def test_order_that_makes_no_sense_is_refused_before_it_is_sent(sweep: Path, typed: list[Any], message: str):
    with pytest.raises(HuetuneError) as refusal:
        command(sweep, *typed)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)
    assert waiting_orders(sweep) == []


def test_driver_that_ends_before_it_gets_a_stop_leaves_none_behind(sweep: Path, monkeypatch: pytest.MonkeyPatch):
    answers = iter([True, False])  # runs when the order is sent, and no more when the wait is over
    monkeypatch.setattr(giving, "is_driven", lambda folder: next(answers))
    monkeypatch.setattr(giving, "TIMEOUT_S", 0.0)
    with pytest.raises(HuetuneError, match=r"^sweep small has ended before it got the order; go on with `huetune"):
        command(sweep, "stop")
    assert waiting_orders(sweep) == []


def test_single_training_and_missing_sweep_take_no_orders(tmp_path: Path):
    single = write_sweep(tmp_path / "single", spec={"space": {}, "search": {"trials": 1}})
    with pytest.raises(HuetuneError, match=r"^single is a single training, which takes no orders; Ctrl-C ends it$"):
        command(single, "stop")
    with pytest.raises(HuetuneError, match="no sweep 'none' in"):
        command(tmp_path / "none", "stop")
