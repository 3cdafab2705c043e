"""Photos colorized with a trial of a sweep."""

from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image

from analysis.ranking.rank import RankingError, best
from data.errors import DataError
from data.files import replaced_atomically
from data.images import decode
from models.colorize import colorize
from models.training.checkpoint import LAST, checkpoint_path, load_generator
from search.records import Sweep, Trial, read_sweep


def colorize_photos(photos: list[Path], sweep: Path, number: str, out: Path | None) -> Iterator[Path]:
    """Write NAME-colorized.png for each photo, beside it or into `out`, and yield its path.

    number: the trial's, or empty for the first of the ranking. Its last weights are used: those that are ranked.

    Raises:
        HuetuneError: no such sweep or trial, or a photo that cannot be read; all photos are looked at beforehand.
    """
    targets = [(out or photo.parent) / f"{photo.stem}-colorized.png" for photo in photos]
    for photo, target in zip(photos, targets, strict=True):
        _read(photo)  # before any is written
        if targets.count(target) > 1:
            raise DataError(f"two of the photos would be written to {target}; colorize them one after the other")
    trial = chosen_trial(read_sweep(sweep), number)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trained = load_generator(checkpoint_path(trial.folder / "checkpoints", LAST), device)
    for photo, target in zip(photos, targets, strict=True):
        colorized = colorize(_read(photo), trained)
        try:
            with replaced_atomically(target) as scratch:
                colorized.save(scratch, format="PNG")
        except OSError as error:
            raise DataError(f"cannot write {target} ({error.strerror}); give another folder with --out") from None
        yield target


def chosen_trial(sweep: Sweep, number: str) -> Trial:
    """The trial of this number; for an empty one the first of the ranking. Raises RankingError if there is none."""
    if not number:
        return best(sweep)
    for trial in sweep.trials:
        if str(trial.number) == number:
            return trial
    known = f"0 to {len(sweep.trials) - 1}" if sweep.trials else "none yet"
    raise RankingError(f"sweep {sweep.record.name} has no trial {number!r}; it has {known}")


def _read(photo: Path) -> Image.Image:
    try:
        return decode(photo.read_bytes())
    except FileNotFoundError:
        raise DataError(f"no photo {photo}; give the path of an image file") from None
    except (OSError, DataError) as error:
        raise DataError(f"{photo}: {error}; give a whole JPEG, PNG, WebP or TIFF file") from None
