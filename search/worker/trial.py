"""One trial on a worker of a Ray cluster. The only caller of `tune.report`."""

import functools
import traceback
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import torch
from ray import tune

from models.evaluation import Evaluation
from models.training.release import release_memory
from search.records import read_trial
from search.worker.outcome import outcome_of
from search.worker.training import SupersededError, run_training


def run_trial(assignment: dict[str, Any]) -> None:
    """Ray Tune's function. Every end of a trial is reported as an outcome, except that of its worker."""
    folder = Path(assignment["folder"])
    report = functools.partial(_report, assignment["number"])
    try:
        # A pruned trial ends by SystemExit in `report`: closing the generator then closes its loaders at once.
        with closing(run_training(folder, _device(assignment["cpu"], assignment["gpu"]))) as evaluations:
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
    finally:
        release_memory()


def _keep_trace(folder: Path) -> None:
    with suppress(OSError):  # the disk may be what is wrong
        (folder / "error.txt").write_text(traceback.format_exc())


def _report(number: int, evaluation: Evaluation | None, outcome: str, cause: str = "", reason: str = "") -> None:
    metrics = evaluation.metrics if evaluation else {}
    progress = (
        {"epoch": evaluation.epoch, "seconds": evaluation.seconds} if evaluation else {"epoch": 0, "seconds": 0.0}
    )
    tune.report({"number": number, "outcome": outcome, "cause": cause, "reason": reason, **progress, **metrics})


def _last(folder: Path) -> Evaluation | None:
    return read_trial(folder).final


def _device(cpu: int, gpu: float) -> torch.device:
    """The device that Ray lent, with the threads and the share of GPU memory that belong to the trial."""
    torch.set_num_threads(cpu)
    if not gpu:
        return torch.device("cpu")
    if gpu < 1:
        # Ray's shares limit nothing: without a cap one trial can take the memory of its neighbours.
        torch.cuda.set_per_process_memory_fraction(gpu)
    return torch.device("cuda")
