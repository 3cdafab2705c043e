"""One trial on a worker of the cluster: trains, records, reports. The only caller of `tune.report`."""

import functools
import socket
import traceback
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from ray import tune

from data.loaders import Loader, open_loader
from data.manifest import Manifest, check_quick
from models.config import TrialConfig
from models.evaluation import Evaluation
from models.fid_reference import FidReference, fid_reference
from models.fit import check_fit, image_side
from models.state import TrainingState
from models.training import DivergedError, train
from models.validation import Validation
from search.errors import SweepError
from search.records import Trial, TrialState, read_sweep_record, read_trial, write_evaluations, write_record
from search.samples import write_samples
from search.tensorboard import TrialTensorboard


def run_trial(assignment: dict[str, Any]) -> None:
    """Ray Tune's function. Every end of a trial is reported as an outcome, except that of its worker."""
    folder = Path(assignment["folder"])
    report = functools.partial(_report, assignment["number"])
    try:
        # A pruned trial ends by SystemExit in `report`: closing the generator then closes its loaders at once.
        with closing(run_training(folder, _device(assignment["cpu"], assignment["gpu"]))) as evaluations:
            for evaluation in evaluations:
                report(evaluation, "complete" if evaluation.finished else "")
    except DivergedError as error:
        report(_last(folder), "diverged", str(error))
    except torch.OutOfMemoryError:
        # The configuration's fault, so that the sampler learns to avoid it.
        report(_last(folder), "diverged", "out of GPU memory; lower data.batch_size or model.width, or give more GPU")
    except torch.AcceleratorError:
        raise  # the process can use its GPU no more: let Tune go on with a new one from the checkpoint
    except Exception as error:
        (folder / "error.txt").write_text(traceback.format_exc())
        report(_last(folder), "failed", " ".join(f"{type(error).__name__}: {error}".split()))


def run_training(folder: Path, device: torch.device) -> Generator[Evaluation]:
    """Train the trial of `folder` from where it was left; an evaluation is yielded when all of it is written."""
    trial = read_trial(folder)
    config = TrialConfig.model_validate(trial.start.config)
    running = _record_running(trial)
    manifests = {name: check_quick(beton) for name, beton in config.data.files.items()}
    _require_the_sweeps_data(folder, manifests)
    check_fit(config, manifests)
    with _loaders(config, device) as (batches, val):
        num_classes = len(batches.manifest.classes)
        fid = _fid_reference(config, val, device)
        if fid is not None:
            write_record(folder, running.model_copy(update={"fid_weights": fid.network.weights_hash}))
        validation = Validation(val, num_classes, fid, device)
        state = TrainingState(config, num_classes, image_side(config, val.manifest), device)
        with TrialTensorboard(folder / "tensorboard", go_on_at=len(trial.evaluations)) as tensorboard:
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


def _last(folder: Path) -> Evaluation | None:
    return read_trial(folder).final


def _record_running(trial: Trial) -> TrialState:
    state = TrialState(
        state="running", started=datetime.now(UTC), attempts=trial.state.attempts + 1, node=socket.gethostname()
    )
    write_record(trial.folder, state)
    return state


@contextmanager
def _loaders(config: TrialConfig, device: torch.device) -> Iterator[tuple[Loader, Loader]]:
    train_loader = open_loader(config.data.train, config.data, training=True, seed=config.seed, device=device)
    val_loader = open_loader(config.data.val, config.data, training=False, seed=config.seed, device=device)
    try:
        yield train_loader, val_loader
    finally:
        train_loader.close()
        val_loader.close()


def _require_the_sweeps_data(folder: Path, manifests: Mapping[str, Manifest]) -> None:
    """Trials on other photos than those of the record would not compare."""
    known = read_sweep_record(folder.parent.parent).data
    for split, manifest in manifests.items():
        if manifest.sha256 != known[split]["sha256"]:
            raise SweepError(f"{known[split]['file']} on this node is not the {split} set that the sweep began with")


def _fid_reference(config: TrialConfig, val: Loader, device: torch.device) -> FidReference | None:
    num_images = min(config.evaluation.fid_images, val.num_samples)
    if not num_images:
        return None
    side, weights = image_side(config, val.manifest), config.evaluation.fid_weights
    return fid_reference(config.data.val, val.manifest, val, num_images, side, device, weights)


def _device(cpu: int, gpu: float) -> torch.device:
    """The device that Ray lent, with the threads and the share of GPU memory that belong to the trial."""
    torch.set_num_threads(cpu)
    if not gpu:
        return torch.device("cpu")
    if gpu < 1:
        # Ray's shares limit nothing: without a cap one trial can take the memory of its neighbours.
        torch.cuda.set_per_process_memory_fraction(gpu)
    return torch.device("cuda")
