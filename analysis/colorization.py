"""Photos colorized with a trial of a sweep."""

from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image, UnidentifiedImageError

from analysis.ranking import RankingError, best
from data.errors import DataError
from data.files import replaced_atomically
from models.checkpoint import BEST_JOINT, checkpoint_path, load_generator
from models.colorize import colorize
from search.records import Sweep, Trial, read_sweep


def colorize_photos(photos: list[Path], sweep: Path, number: str, out: Path | None) -> Iterator[Path]:
    """Write NAME-colorized.png for each photo, beside it or into `out`, and yield its path.

    number: the trial's, or empty for the first of the ranking.

    Raises:
        HuetuneError: no such sweep or trial, or a photo that cannot be read; all photos are looked at beforehand.
    """
    for photo in photos:
        _open(photo).close()
    trial = _trial(read_sweep(sweep), number)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    generator, side = load_generator(checkpoint_path(trial.folder / "checkpoints", BEST_JOINT), device)
    for photo in photos:
        target = (out or photo.parent) / f"{photo.stem}-colorized.png"
        with _open(photo) as image, replaced_atomically(target) as scratch:
            colorize(image, generator, side).save(scratch, format="PNG")
        yield target


def _trial(sweep: Sweep, number: str) -> Trial:
    if not number:
        return best(sweep)
    for trial in sweep.trials:
        if str(trial.number) == number:
            return trial
    raise RankingError(
        f"sweep {sweep.record.name} has no trial {number!r}; it has 0 to {len(sweep.trials) - 1}"
    )


def _open(photo: Path) -> Image.Image:
    try:
        return Image.open(photo)
    except FileNotFoundError:
        raise DataError(f"no photo {photo}; give the path of an image file") from None
    except (OSError, UnidentifiedImageError):
        raise DataError(f"{photo} is not a photo that can be read; give a JPEG, PNG, WebP or TIFF file") from None
