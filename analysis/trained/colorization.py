"""Photos colorized with a trained generator."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from rich.console import Console

from analysis.trained.source import load, this_device
from data.errors import DataError
from data.files import replaced_atomically
from data.images import decode
from models.colorize import colorize


def colorize_photos(photos: list[Path], source: str, storage: str, out: Path, console: Console) -> Iterator[Path]:
    """Write NAME-colorized.png into `out` for each photo, and yield its path.

    source: what the colours come from, DIR or SWEEP[:TRIAL]; see analysis.trained.source.load.

    Raises:
        HuetuneError: no such source, or a photo that cannot be read; all photos are looked at beforehand.
    """
    targets = [out / f"{photo.stem}-colorized.png" for photo in photos]
    target, num_photos = Counter(targets).most_common(1)[0]
    if num_photos > 1:
        raise DataError(f"{num_photos} of the photos would become {target}; give each its own folder with --out")
    for photo in photos:
        _read(photo)  # before any is written
    trained = load(source, storage, this_device(), console).trained
    for photo, target in zip(photos, targets, strict=True):
        colorized = colorize(_read(photo), trained)
        try:
            with replaced_atomically(target) as scratch:
                colorized.save(scratch, format="PNG")
        except OSError as error:
            raise DataError(f"cannot write {target} ({error.strerror}); give another folder with --out") from None
        yield target


def _read(photo: Path) -> Image.Image:
    try:
        return decode(photo.read_bytes())
    except FileNotFoundError:
        raise DataError(f"no photo {photo}; give the path of an image file") from None
    except (OSError, DataError) as error:
        raise DataError(f"{photo}: {error}; give a whole JPEG, PNG, WebP or TIFF file") from None
