"""A trial's generator, taken out of its sweep: for other machines, other programs, and other people."""

from pathlib import Path

import torch
from rich.console import Console

from analysis.places import Place
from analysis.trained.card import model_card
from analysis.trained.choice import chosen_trial
from analysis.trained.exported import ExportError, require_free, write_export
from analysis.trained.source import classes_of, say
from models.training.checkpoint import LAST, checkpoint_path, load_generator
from search.records import read_sweep


def export_trial(place: Place, number: str, out: Path, console: Console) -> Path:
    """Write the model of a trial (empty: that of analysis.trained.choice) into the folder `out`, which it returns.

    The weights are the last ones, those that are ranked. console: hears which trial it is, where none was named.

    Raises:
        HuetuneError: no such sweep or trial, its checkpoint is gone, or `out` holds other files or cannot be written.
    """
    require_free(out)
    recorded = read_sweep(place.folder)
    choice = chosen_trial(recorded, number)
    say(choice.words, console)
    trial = choice.trial
    checkpoint = place.bring(checkpoint_path(trial.folder / "checkpoints", LAST))
    trained = load_generator(checkpoint, torch.device("cpu"))
    num_parameters = sum(parameter.numel() for parameter in trained.generator.parameters())
    exported = {
        "sweep": recorded.record.name,
        "trial": trial.number,
        "num_classes": trained.num_classes,
        "side": trained.side,
        "classes": classes_of(recorded.record),
        "config": trained.config,
        "data": {
            split: {"sha256": known.get("sha256"), "num_samples": known.get("num_samples")}
            for split, known in recorded.record.data.items()
        },
        "versions": recorded.record.versions,
    }
    card = model_card(recorded, trial, trained.config, num_parameters)
    try:
        write_export(out, trained.generator.state_dict(), exported, card)
    except OSError as error:
        raise ExportError(f"cannot write into {out} ({error.strerror}); give another folder with --out") from None
    return out
