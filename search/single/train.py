"""A single training in this process, without Ray: a sweep of one trial, which everything that reads sweeps can read."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import torch
from rich.console import Console

from data.manifest import Manifest, check_quick
from models.config.evaluation import EvaluationConfig
from models.config.trial import TrialConfig
from models.fit import check_fit, image_side
from search.driver.lock import only_driver
from search.driver.provenance import sweep_record
from search.driver.recovery import recovered
from search.errors import SweepError
from search.recording import record_end, write_record
from search.records import Trial, TrialStart, epoch_text, read_sweep_record, read_trial, trial_folder
from search.single.kind import is_single_training
from search.single.training_progress import TrainingProgress
from search.spec.objectives import default_objectives
from search.spec.sections import PruningSection, ResourcesSection, SearchSection
from search.spec.sweep_spec import SweepSpec
from search.storage import checked_name
from search.worker.outcome import outcome_of
from search.worker.training import run_training

ANOTHER_NAME = "give this one another name with --name"


def train_single(config: TrialConfig, folder: Path, device: torch.device, console: Console) -> None:
    """Train `config` into `folder`, from where an earlier call with the same configuration was left.

    Raises:
        HuetuneError: the data are missing or do not fit, `folder` holds another training, or this one diverged.
    """
    # Photos of a test, if the configuration names some, are recorded at the beginning and not needed any more.
    files = config.data.training_files if _has_begun(folder) else config.data.files
    manifests = {name: check_quick(beton) for name, beton in files.items()}
    check_fit(config, manifests)
    spec = _spec(checked_name(folder.name), config, num_gpus=int(device.type == "cuda"))
    with only_driver(folder):
        trial = _recorded(spec, config, manifests, folder, console)
        if trial.state.state == "complete":
            console.print(f"{folder.name} is trained already: {trial.folder}", highlight=False, soft_wrap=True)
            return
        if trial.final:
            console.print(f"{folder.name} goes on after epoch {epoch_text(trial.final.epoch)}", highlight=False)
        num_epochs = config.num_epochs(manifests["train"].num_samples)
        console.print(_announced(config, manifests, trial, num_epochs, device), highlight=False, soft_wrap=True)
        shown = tuple(dict.fromkeys([*spec.objectives, "l1", *asked_for(config.evaluation)]))
        with (
            _outcome_recorded(trial, spec.resources.num_gpus),
            TrainingProgress(console, num_epochs, shown) as progress,
            closing(run_training(trial.folder, device)) as evaluations,
        ):
            for evaluation in evaluations:
                progress.evaluated(evaluation)
    console.print(f"{folder.name} is trained: {trial.folder}", highlight=False, soft_wrap=True)


def asked_for(evaluation: EvaluationConfig) -> list[str]:
    """The metrics that a configuration has measured because it says so, of those that take long."""
    classifier = ["classifier_top1", "classifier_agreement"] if evaluation.classifier else []
    return [name for name in ("kid", "lpips") if getattr(evaluation, name)] + classifier


def _announced(
    config: TrialConfig, manifests: Mapping[str, Manifest], trial: Trial, num_epochs: int, device: torch.device
) -> str:
    train, val, side = manifests["train"], manifests["val"], image_side(config, manifests["train"])
    return (
        f"{' and '.join(config.tasks)} on {device.type}: {num_epochs} epoch{'s' if num_epochs != 1 else ''}, "
        f"{train.num_samples:,} photos of {side} px in batches of {config.data.batch_size}, "
        f"{val.num_samples:,} to validate on; records in {trial.folder}"
    )


def _has_begun(folder: Path) -> bool:
    return (trial_folder(folder, 0) / "evaluations.jsonl").exists()


def _recorded(
    spec: SweepSpec, config: TrialConfig, manifests: Mapping[str, Manifest], folder: Path, console: Console
) -> Trial:
    """What is known of the training, which is recorded before it begins; of damaged records, what can be mended.

    Raises:
        HuetuneError: `folder` holds something else, or what was to be trained cannot be read any more.
    """
    trial = trial_folder(folder, 0)
    _require_no_search(folder)
    if _has_begun(folder):
        found = recovered(folder, lambda text: console.print(text, soft_wrap=True, markup=False))
        if trial.name in found.unreadable:
            raise SweepError(f"{trial} cannot be read ({found.unreadable[trial.name]}); {ANOTHER_NAME}")
        _require_same(config, trial)
    else:  # nothing is lost of one that failed at once, such as for weights that were missing
        write_record(folder, sweep_record(spec, manifests))
        values = config.model_dump(mode="json")
        write_record(trial, TrialStart(number=0, params={}, config=values, created=datetime.now(UTC)))
    return read_trial(trial)


def _require_no_search(folder: Path) -> None:
    """Raise SweepError if `folder` holds a sweep that searches, whether it has begun to or not."""
    if (folder / "sweep.json").exists() and not is_single_training(read_sweep_record(folder)):
        raise SweepError(f"{folder.name} is a sweep already, not a single training; {ANOTHER_NAME}")


def _spec(name: str, config: TrialConfig, num_gpus: int) -> SweepSpec:
    """The sweep that has this one trial, and nothing to search."""
    return SweepSpec(
        name=name,
        data=config.data,
        objectives=default_objectives(config),
        base=config.model_dump(mode="json", exclude={"data"}, exclude_unset=True),
        space={},
        search=SearchSection(trials=1),
        pruning=PruningSection(kind="none"),
        resources=ResourcesSection(gpu=num_gpus),
    )


def _require_same(config: TrialConfig, trial: Path) -> None:
    """Raise SweepError unless `trial` is one of this configuration."""
    before = TrialConfig.model_validate(read_trial(trial).start.config)
    if differences := config.differences(before):
        name = trial.parent.parent.name
        raise SweepError(f"there is another training {name} already: {differences}; {ANOTHER_NAME}")


@contextmanager
def _outcome_recorded(trial: Trial, num_gpus: float) -> Iterator[None]:
    """Write down how the training ended, unless it was interrupted: then the same command goes on with it."""
    try:
        yield
    except Exception as error:
        outcome = outcome_of(error)
        record_end(trial.folder, outcome.state, outcome.reason, num_gpus, outcome.cause)
        if isinstance(error, torch.OutOfMemoryError):
            raise SweepError(outcome.reason) from None
        raise
    record_end(trial.folder, "complete", "", num_gpus)
