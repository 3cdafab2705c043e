"""What colours come from: a trial of a sweep, or a folder that `huetune export` wrote."""

from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from analysis.places import sweep_at
from analysis.ranking.rank import RankingError, best
from analysis.trained.exported import WEIGHTS, ExportError, read_export
from models.training.checkpoint import LAST, Trained, checkpoint_path, load_generator
from search.records import Sweep, SweepRecord, Trial, read_sweep


@dataclass(frozen=True)
class Source:
    """A trained generator, and what its head's answers are called."""

    trained: Trained
    classes: tuple[str, ...]


def load(source: str, storage: str, device: torch.device) -> Source:
    """The generator of DIR, an exported folder, or of SWEEP[:TRIAL], a sweep in `storage`, by its last weights.

    It is a folder if it has a separator in it, which no sweep's name has, or if it holds exported weights. Without a
    trial the first of the ranking is taken.

    Raises:
        HuetuneError: there is no such sweep, trial or export, or it cannot be read.
    """
    folder = Path(source).expanduser()
    if (folder / WEIGHTS).is_file():
        exported, trained = read_export(folder, device)
        return Source(trained, exported.classes)
    if "/" in source:
        raise ExportError(
            f"{source} holds no exported model (no {WEIGHTS}); give a folder of `huetune export`, or SWEEP[:TRIAL]"
        )
    name, _, number = source.partition(":")
    with sweep_at(storage, name, Console(stderr=True)) as place:
        sweep = read_sweep(place.folder)
        checkpoint = place.bring(checkpoint_path(chosen_trial(sweep, number).folder / "checkpoints", LAST))
        return Source(load_generator(checkpoint, device), classes_of(sweep.record))


def chosen_trial(sweep: Sweep, number: str) -> Trial:
    """The trial of this number; for an empty one the first of the ranking. Raises RankingError if there is none."""
    if not number:
        return best(sweep)
    for trial in sweep.trials:
        if str(trial.number) == number:
            return trial
    known = f"0 to {len(sweep.trials) - 1}" if sweep.trials else "none yet"
    raise RankingError(f"sweep {sweep.record.name} has no trial {number!r}; it has {known}")


def classes_of(record: SweepRecord) -> tuple[str, ...]:
    """What the labels of a sweep's photos mean, by number."""
    return tuple(record.data.get("val", {}).get("classes", ()))


def this_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
