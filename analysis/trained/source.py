"""What colours come from: a trial of a sweep, or a folder that `huetune export` wrote."""

from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from analysis.places import sweep_at
from analysis.trained.choice import chosen_trial
from analysis.trained.exported import WEIGHTS, ExportError, read_export
from models.training.checkpoint import LAST, Trained, checkpoint_path, load_generator
from search.records import SweepRecord, read_sweep


@dataclass(frozen=True)
class Source:
    """A trained generator, and what its head's answers are called."""

    trained: Trained
    classes: tuple[str, ...]


def load(source: str, storage: str, device: torch.device, console: Console) -> Source:
    """The generator of DIR, an exported folder, or of SWEEP[:TRIAL], a sweep in `storage`, by its last weights.

    It is a folder if it has a separator in it, which no sweep's name has, or if it holds exported weights. Without a
    trial the one of analysis.trained.choice is taken. console: hears which it is, and how far fetching has come.

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
    with sweep_at(storage, name, console) as place:
        sweep = read_sweep(place.folder)
        choice = chosen_trial(sweep, number)
        say(choice.words, console)
        checkpoint = place.bring(checkpoint_path(choice.trial.folder / "checkpoints", LAST))
        return Source(load_generator(checkpoint, device), classes_of(sweep.record))


def say(words: str, console: Console) -> None:
    """Print a line as it stands, unless it is empty."""
    if words:
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def classes_of(record: SweepRecord) -> tuple[str, ...]:
    """What the labels of a sweep's photos mean, by number."""
    return tuple(record.data.get("val", {}).get("classes", ()))


def this_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
