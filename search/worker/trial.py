"""One trial on a worker of a Ray cluster. The only caller of `tune.report`."""

import functools
import socket
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import torch
from ray import tune

from models.evaluation import Evaluation
from models.training.release import release_memory
from search.records import read_trial
from search.staging.on_node import Staging
from search.worker.device import lent_device
from search.worker.final_check import run_final_check
from search.worker.outcome import outcome_of
from search.worker.training import SupersededError, run_training

Stage = Callable[[], None] | None
Notices = list[tuple[str, str]]
"""What each is about, and the notice; a list, since Tune takes dictionaries in reports apart."""


def run_trial(assignment: dict[str, Any], staging: Staging | None) -> None:
    """Ray Tune's function: the training of a trial, or the test of a trained one. Every end is reported as an outcome,
    except that of its worker.

    staging: brings the photos to this node's disk, if the sweep wants them there.
    """
    notices: Notices = []
    stage = None if staging is None else functools.partial(staging.bring, tell=lambda *notice: notices.append(notice))
    try:
        if assignment["is_test"]:
            _test(assignment, stage, notices)
        else:
            _train(assignment, stage, notices)
    finally:
        release_memory()


def _train(assignment: dict[str, Any], stage: Stage, notices: Notices) -> None:
    folder = Path(assignment["folder"])
    report = functools.partial(_report, assignment["number"], notices)
    try:
        # A pruned trial ends by SystemExit in `report`: closing the generator then closes its loaders at once.
        with closing(run_training(folder, lent_device(assignment["cpu"], assignment["gpu"]), stage)) as evaluations:
            for evaluation in evaluations:
                report(evaluation, "complete" if evaluation.finished else "")
    except SupersededError:
        return  # nobody waits for this report any more
    except torch.AcceleratorError:
        _keep_trace(folder)
        raise  # the process can use its GPU no more: the trial goes on in a new one
    except Exception as error:
        outcome = outcome_of(error)
        if outcome.state == "failed":
            _keep_trace(folder)
        report(_last(folder), outcome.state, outcome.cause, outcome.reason)


def _test(assignment: dict[str, Any], stage: Stage, notices: Notices) -> None:
    """Nothing of the trial's own is touched, whatever goes wrong: it is trained."""
    report = {"number": assignment["number"], "node": socket.gethostname(), "notices": notices}
    try:
        if stage is not None:
            stage()
        tested = run_final_check(Path(assignment["folder"]), lent_device(assignment["cpu"], assignment["gpu"]))
    except torch.AcceleratorError:
        raise  # as in training: this process can use its GPU no more
    except Exception as error:
        outcome = outcome_of(error)
        trace = traceback.format_exc()
        tune.report({**report, "outcome": "failed", "cause": outcome.cause, "reason": outcome.reason, "trace": trace})
    else:
        tune.report({**report, "outcome": "tested", **tested.metrics})


def _keep_trace(folder: Path) -> None:
    with suppress(OSError):  # the disk may be what is wrong
        (folder / "error.txt").write_text(traceback.format_exc())


def _report(
    number: int,
    notices: Notices,
    evaluation: Evaluation | None,
    outcome: str,
    cause: str = "",
    reason: str = "",
) -> None:
    metrics = evaluation.metrics if evaluation else {}
    progress = (
        {"epoch": evaluation.epoch, "seconds": evaluation.seconds} if evaluation else {"epoch": 0, "seconds": 0.0}
    )
    ending = {"outcome": outcome, "cause": cause, "reason": reason}
    tune.report({"number": number, "notices": notices, **ending, **progress, **metrics})


def _last(folder: Path) -> Evaluation | None:
    return read_trial(folder).final
