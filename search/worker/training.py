"""One trial, trained and recorded. Knows nothing of Ray: who runs it decides what to do with each evaluation."""

import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import torch

from data.errors import HuetuneError
from data.loaders import Loader, open_loader
from data.manifest import Manifest, check_quick
from models.config.trial import TrialConfig
from models.evaluation import Evaluation, Measurement
from models.fit import check_fit, image_side
from models.measures.fid_reference import fid_reference
from models.measures.judge import Judge
from models.measures.validation import Validation
from models.networks.colorizer import Colorizer
from models.training.loop import train
from models.training.state import TrainingState
from search.recording import record_begin, write_evaluations, write_record
from search.records import SweepRecord, TrialState, read_state, read_sweep_record, read_trial
from search.worker.adoption import adopt_donor
from search.worker.local_photos import keeping_features, local_photos, reading
from search.worker.same_photos import require_recorded
from search.worker.samples import write_samples
from search.worker.tensorboard import TrialTensorboard


class SupersededError(HuetuneError):
    """Another process trains this trial now."""


def run_training(folder: Path, device: torch.device, stage: Callable[[], None] | None = None) -> Generator[Evaluation]:
    """Train the trial of `folder` from where it was left; an evaluation is yielded when all of it is written.

    stage: brings copies of the photos to this node's disk; what is there already is read there in any case.

    Raises:
        HuetuneError: the training diverged or does not fit the GPU, or configuration and data do not fit together.
    """
    trial, record = read_trial(folder), read_sweep_record(folder.parent.parent)
    config = TrialConfig.model_validate(trial.config)
    running = record_begin(trial, socket.gethostname())
    adopt_donor(trial, config)
    if stage is not None:
        stage()
    damaged = "damaged-data" in trial.state.failures
    with local_photos(config.data.training_files, record, whole=damaged) as files:
        yield from _trained(folder, config, reading(config, files), record, running, device)


def _trained(
    folder: Path,
    config: TrialConfig,
    local: TrialConfig,
    record: SweepRecord,
    running: TrialState,
    device: torch.device,
) -> Generator[Evaluation]:
    """local: the configuration with the paths to read from, which is of this node and so in no record."""
    manifests = _manifests(local, record)
    classes, counts = manifests["train"].classes, manifests["train"].ab_bin_counts
    bin_counts = torch.tensor(counts) if any(counts) else None
    hashes = {name: manifests[name].sha256 for name in config.data.training_files}
    with _loaders(local, device) as (batches, val):
        fid = fid_reference(keeping_features(config, local), val.manifest, val, device)
        if fid is not None:
            write_record(
                folder,
                running.model_copy(update={"fid_weights": fid.network.weights_hash, "fid_images": fid.num_images}),
            )
        state = TrainingState(config, len(classes), image_side(config, val.manifest), device, bin_counts, hashes)
        validation = Validation(val, config, classes, state.losses, bin_counts, fid, device)
        with TrialTensorboard(folder / "tensorboard", config.tasks) as tensorboard:

            def validate(generator: Colorizer, judge: Judge | None, costly: bool) -> Measurement:
                _require_own_attempt(folder, running)  # before anything is overwritten
                return validation(generator, judge, costly)

            for evaluation in train(state, batches, validate, folder / "checkpoints"):
                write_evaluations(folder, state.history)
                samples = validation.samples(state.evaluated, config.evaluation.samples)
                write_samples(folder / "samples.png", samples, validation.sample_distances(samples))
                tensorboard.add(evaluation, samples)
                yield evaluation


def _require_own_attempt(folder: Path, running: TrialState) -> None:
    """Raise SupersededError if a later attempt has begun: the driver that sent us was lost, and another goes on."""
    attempts = read_state(folder).attempts
    if attempts != running.attempts:
        raise SupersededError(f"attempt {running.attempts} at trial {folder.name} ends: attempt {attempts} has begun")


@contextmanager
def _loaders(config: TrialConfig, device: torch.device) -> Iterator[tuple[Loader, Loader]]:
    train_loader = open_loader(config.data.train, config.data, training=True, seed=config.seed, device=device)
    with closing(train_loader):
        val_loader = open_loader(config.data.val, config.data, training=False, seed=config.seed, device=device)
        with closing(val_loader):
            yield train_loader, val_loader


def _manifests(config: TrialConfig, record: SweepRecord) -> dict[str, Manifest]:
    """Of the files that a trial trains and validates on, which fit it and are those of the record.

    Raises:
        HuetuneError: one is missing or damaged, holds other photos, or does not fit the configuration.
    """
    manifests = {name: check_quick(beton) for name, beton in config.data.training_files.items()}
    require_recorded(record, manifests)
    check_fit(config, manifests)
    return manifests
