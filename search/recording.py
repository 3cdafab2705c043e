"""Writing the records of a sweep, each file in one step: see search/records.py."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from data.files import write_atomically
from models.evaluation import Evaluation
from search.record_files import FILES
from search.records import (
    Cause,
    Exploit,
    FailedTest,
    State,
    SweepRecord,
    Tested,
    Trial,
    TrialStart,
    TrialState,
    read_trial,
)


def write_record(folder: Path, record: SweepRecord | TrialStart | TrialState | Tested | FailedTest) -> None:
    """Write a record under its one name in `folder`, in one step."""
    write_atomically(folder / FILES[type(record).__name__], record.model_dump_json(indent=1))


def record_begin(trial: Trial, node: str) -> TrialState:
    """Write down that an attempt at a trial begins on a node; the state that it is in now."""
    state = TrialState(
        state="running",
        started=datetime.now(UTC),
        attempts=trial.state.attempts + 1,
        node=node,
        earlier=trial.all_attempts,
        failures=trial.state.failures,
        trained_s=trial.final.seconds if trial.final else 0.0,
    )
    write_record(trial.folder, state)
    return state


def record_end(folder: Path, state: State, reason: str, num_gpus: float, cause: Cause = "") -> Trial:
    """Write down what became of a trial that held so many GPUs; all that is known of it."""
    before = read_trial(folder)
    failures = before.state.failures | ({cause: before.state.failures.get(cause, 0) + 1} if cause else {})
    update = {"state": state, "reason": reason, "cause": cause, "failures": failures, "ended": datetime.now(UTC)}
    update["gpu_seconds"] = before.final.seconds * num_gpus if before.final else 0.0
    update["num_evaluations"] = len(before.evaluations)
    write_record(folder, before.state.model_copy(update=update))
    return read_trial(folder)


def remove_failed_test(folder: Path) -> None:
    """Forget why a trial could not be tested: it is tested, or is to be tested again."""
    (folder / FILES["FailedTest"]).unlink(missing_ok=True)


def write_evaluations(folder: Path, evaluations: Iterable[Evaluation]) -> None:
    """Replace a trial's evaluations."""
    lines = "".join(evaluation.model_dump_json() + "\n" for evaluation in evaluations)
    write_atomically(folder / "evaluations.jsonl", lines)


def write_exploits(folder: Path, exploits: Iterable[Exploit]) -> None:
    """Replace a trial's exploits."""
    write_atomically(folder / "exploits.jsonl", "".join(exploit.model_dump_json() + "\n" for exploit in exploits))
