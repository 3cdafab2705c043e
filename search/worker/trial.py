"""One trial on a worker of a Ray cluster. The only caller of `tune.report`."""

import functools
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from ray import tune

from models.evaluation import Evaluation
from models.training.loop import DivergedError
from models.training.release import release_memory
from models.training.step import GpuMemoryError
from search.records import read_trial
from search.worker.training import OUT_OF_MEMORY, run_training


def run_trial(assignment: dict[str, Any]) -> None:
    """Ray Tune's function. Every end of a trial is reported as an outcome, except that of its worker."""
    folder = Path(assignment["folder"])
    report = functools.partial(_report, assignment["number"])
    try:
        # A pruned trial ends by SystemExit in `report`: closing the generator then closes its loaders at once.
        with closing(run_training(folder, _device(assignment["cpu"], assignment["gpu"]))) as evaluations:
            for evaluation in evaluations:
                report(evaluation, "complete" if evaluation.finished else "")
    # Running out of memory is the configuration's fault too, so that the sampler learns to avoid it.
    except (DivergedError, GpuMemoryError) as error:
        report(_last(folder), "diverged", str(error))
    except torch.OutOfMemoryError:
        report(_last(folder), "diverged", OUT_OF_MEMORY)
    except torch.AcceleratorError:
        raise  # the process can use its GPU no more: let Tune go on with a new one from the checkpoint
    except Exception as error:
        (folder / "error.txt").write_text(traceback.format_exc())
        report(_last(folder), "failed", " ".join(f"{type(error).__name__}: {error}".split()))
    finally:
        release_memory()


def _report(number: int, evaluation: Evaluation | None, outcome: str, reason: str = "") -> None:
    metrics = evaluation.metrics if evaluation else {}
    progress = (
        {"epoch": evaluation.epoch, "seconds": evaluation.seconds} if evaluation else {"epoch": 0, "seconds": 0.0}
    )
    tune.report({"number": number, "outcome": outcome, "reason": reason, **progress, **metrics})


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
