"""Giving a sweep an order: checked against its records, sent, and its answer waited for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from search.control.mailbox import OF_THE_PROCESS, new_id, send, wait_for_answer, who
from search.control.orders import Answer, Order, OrderKind
from search.control.values import VALUES
from search.driver.lock import is_driven
from search.errors import SweepError
from search.records import TRIED_AGAIN, State, SweepRecord, read_sweep_record, read_trial, trial_folder
from search.spec.explain import explain
from search.storage import resume_command

TIMEOUT_S = 10.0

_MEANT_FOR: dict[OrderKind, tuple[State, ...]] = {
    "pause": ("waiting", "running"),
    "unpause": ("paused",),
    "prune": TRIED_AGAIN,
    "kill": ("waiting", "running"),
}
"""States, as recorded, of the trials that such an order can do something to."""


def give(
    folder: Path,
    kind: OrderKind,
    trials: tuple[int, ...] = (),
    values: Mapping[str, Any] | None = None,
    why: str = "",
) -> str:
    """Give an order to the sweep in `folder`; in one line, what became of it.

    Raises:
        HuetuneError: there is no such sweep or trial, the order makes no sense to it, or it was refused.
    """
    record = read_sweep_record(folder)
    if record.spec.get("space") == {}:
        raise SweepError(f"{folder.name} is a single training, which takes no orders; Ctrl-C ends it")
    _check_values(kind, values or {})
    _check_trials(folder, kind, trials)
    if kind == "enqueue" and values:
        _check_point(record, folder, values)
    if kind == "repeat" and values and values.get("test"):
        _check_test(record, Path(values["test"]))
    driven = is_driven(folder)
    if kind in OF_THE_PROCESS and not driven:
        raise SweepError(f"sweep {folder.name} does not run, so there is nothing to {kind}; {_go_on(folder)}")
    order = Order(
        id=new_id(),
        kind=kind,
        trials=trials,
        values=dict(values or {}),
        who=who(),
        when=datetime.now(UTC),
        why=" ".join(why.split()),
    )
    try:
        file = send(folder, order)
        answer = wait_for_answer(folder, order.id, TIMEOUT_S) if driven else None
    except OSError as error:
        raise SweepError(f"cannot write into {folder / 'control'} ({error.strerror}); orders go there") from None
    return _told(folder, order, file, answer)


def _told(folder: Path, order: Order, file: Path, answer: Answer | None) -> str:
    if answer is not None and answer.done:
        return answer.text
    if answer is not None:
        raise SweepError(answer.text)
    if is_driven(folder):
        return f"no answer yet: the process that runs {folder.name} is busy, and carries it out when it gets to it"
    if order.kind in OF_THE_PROCESS:
        file.unlink(missing_ok=True)
        raise SweepError(f"sweep {folder.name} has ended before it got the order; {_go_on(folder)}")
    return f"kept, as {folder.name} does not run now: carried out first of all when you {_go_on(folder)}"


def _go_on(folder: Path) -> str:
    return f"go on with `{resume_command(folder)}`"


def _check_values(kind: OrderKind, values: Mapping[str, Any]) -> None:
    try:
        VALUES[kind].model_validate(dict(values))
    except ValidationError as error:
        raise SweepError(f"{kind}: {explain(error, VALUES[kind])}") from None
    if kind == "budget" and not values:
        raise SweepError("budget: nothing to change; give --trials, --hours, --gpu-hours or --stagnation")


def _check_trials(folder: Path, kind: OrderKind, trials: tuple[int, ...]) -> None:
    for number in trials:
        state = _state(folder, number)
        if state not in _MEANT_FOR[kind]:
            raise SweepError(f"trial {number} is {state}: there is nothing to {kind}")


def _state(folder: Path, number: int) -> State:
    """What is recorded of a trial.

    Raises:
        SweepError: there is none.
    """
    try:
        return read_trial(trial_folder(folder, number)).state.state
    except FileNotFoundError:
        numbers = [int(path.name) for path in (folder / "trials").glob("[0-9]*")]
        known = f"they are {min(numbers)} to {max(numbers)}" if numbers else "it has none yet"
        raise SweepError(f"sweep {folder.name} has no trial {number}; {known}") from None
    except (OSError, ValueError) as error:
        raise SweepError(f"trial {number} of {folder.name} cannot be read: {str(error).splitlines()[0]}") from None


def _check_test(record: SweepRecord, test: Path) -> None:
    """Raise HuetuneError unless the best trials of the sweep can be tested on these photos."""
    from search.driver.preparation import checked_test
    from search.spec.sweep_spec import parse_spec

    checked_test(parse_spec(record.spec), record, test)


def _check_point(record: SweepRecord, folder: Path, values: Mapping[str, Any]) -> None:
    """Raise SweepError or SpecError unless these values make a trial of the sweep."""
    from search.spec.points import checked_point, like
    from search.spec.sweep_spec import parse_spec

    spec, other, changes = parse_spec(record.spec), values.get("like"), values["values"]
    if other is None:
        checked_point(spec, changes)
    else:
        _state(folder, other)
        like(spec, read_trial(trial_folder(folder, other)).params, changes)
