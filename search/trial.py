"""One trial on a worker of the cluster: trains, records, reports. The only caller of `tune.report`."""

import functools
import os
import socket
import traceback
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from ray import tune

from data.loaders import Loader, open_loader
from models.config import TrialConfig
from models.evaluation import Evaluation
from models.fid_reference import FidReference, fid_reference
from models.fit import check_fit, image_side
from models.state import TrainingState
from models.training import DivergedError, train
from models.validation import Validation
from search.records import TrialState, read_trial, write_evaluations, write_record
from search.samples import write_samples
from search.tensorboard import TrialTensorboard


def run_trial(assignment: dict[str, Any]) -> None:
    """Ray Tune's function. Every end of a trial but the death of its worker is reported as an outcome, not raised."""
    folder, number = Path(assignment["folder"]), assignment["number"]
    device = _device(assignment["cpu"], assignment["gpu"])
    start = read_trial(folder)
    state = TrialState(
        state="running", started=datetime.now(UTC), attempts=start.state.attempts + 1, node=socket.gethostname()
    )
    write_record(folder, state)
    report = functools.partial(_report, number)
    try:
        # A pruned trial ends by SystemExit in `report`: closing the generator then closes its loaders at once.
        with closing(run_training(TrialConfig.model_validate(start.start.config), folder, device)) as evaluations:
            for evaluation in evaluations:
                report(evaluation, "complete" if evaluation.finished else "")
    except DivergedError as error:
        report(read_trial(folder).final, "diverged", str(error))
    except Exception as error:
        (folder / "error.txt").write_text(traceback.format_exc())
        report(read_trial(folder).final, "failed", " ".join(f"{type(error).__name__}: {error}".split()))


def run_training(config: TrialConfig, folder: Path, device: torch.device) -> Generator[Evaluation]:
    """Train into `folder`, from where it was left; an evaluation is yielded when all that belongs to it is written."""
    with _loaders(config, device) as (batches, val):
        check_fit(config, batches.manifest, val.manifest)
        num_classes = len(batches.manifest.classes)
        validation = Validation(val, num_classes, _fid_reference(config, val, device), device)
        state = TrainingState(config, num_classes, image_side(config, val.manifest), device)
        with TrialTensorboard(folder / "tensorboard") as tensorboard:
            for evaluation in train(state, batches, validation, folder / "checkpoints"):
                write_evaluations(folder, state.history)
                samples = validation.samples(state.generator, config.evaluation.samples)
                write_samples(folder / "samples.png", samples)
                tensorboard.add(evaluation, samples)
                yield evaluation


def _report(number: int, evaluation: Evaluation | None, outcome: str, reason: str = "") -> None:
    metrics = evaluation.metrics if evaluation else {}
    progress = (
        {"epoch": evaluation.epoch, "seconds": evaluation.seconds} if evaluation else {"epoch": 0, "seconds": 0.0}
    )
    tune.report({"number": number, "outcome": outcome, "reason": reason, **progress, **metrics})


@contextmanager
def _loaders(config: TrialConfig, device: torch.device) -> Iterator[tuple[Loader, Loader]]:
    train_loader = open_loader(config.data.train, config.data, training=True, seed=config.seed, device=device)
    val_loader = open_loader(config.data.val, config.data, training=False, seed=config.seed, device=device)
    try:
        yield train_loader, val_loader
    finally:
        train_loader.close()
        val_loader.close()


def _fid_reference(config: TrialConfig, val: Loader, device: torch.device) -> FidReference | None:
    num_images = min(config.evaluation.fid_images, val.num_samples)
    if not num_images:
        return None
    side = image_side(config, val.manifest)
    return fid_reference(config.data.val, val.manifest, val, num_images, side, device)


def _device(cpu: int, gpu: float) -> torch.device:
    """The device that Ray lent, with the threads and the share of GPU memory that belong to the trial."""
    torch.set_num_threads(cpu)
    os.environ["OMP_NUM_THREADS"] = str(cpu)
    if not gpu:
        return torch.device("cpu")
    if gpu < 1:
        # Ray's shares limit nothing: without a cap one trial can take the memory of its neighbours.
        torch.cuda.set_per_process_memory_fraction(gpu)
    return torch.device("cuda")
