"""The same validation photos as the best trials colorized them, side by side."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from analysis.report.section import Section, Subject
from search.records import Trial

MAX_PHOTOS = 8
GRAY, COLORIZED, TRUTH = 0, 1, 2
"""The columns of samples.png."""


class SamplesError(Exception):
    """A samples.png cannot be shown, with the reason; no error of the user's, the gallery goes on without it."""


@dataclass(frozen=True)
class Photo:
    """One validation photo; images are data URIs."""

    gray: str
    truth: str
    colorized: tuple[str, ...]
    """By each of the gallery's trials."""


@dataclass(frozen=True)
class Gallery:
    """`trials` are the numbers of those shown, best first; `notes` say in words which are left out and why."""

    trials: tuple[int, ...]
    photos: tuple[Photo, ...]
    notes: tuple[str, ...]


def photos_section(subject: Subject) -> Section | None:
    found = gallery([one.trial for one in subject.ranking.ranked[: subject.top]])
    return Section("photos", "Photos", {"gallery": found}) if found.photos or found.notes else None


def gallery(trials: Sequence[Trial]) -> Gallery:
    """The first photos of the samples that `trials` left; whoever has none, or of other photos, is left out."""
    sheets: dict[int, list[list[Image.Image]]] = {}
    notes = []
    for trial in trials:
        try:
            cells = read_cells(trial.folder / "samples.png")
            _refuse_other_photos(cells, sheets)
            sheets[trial.number] = cells
        except SamplesError as error:
            notes.append(f"Trial {trial.number} is not shown: {error}.")
    num_photos = min((len(cells) for cells in sheets.values()), default=0)
    photos = tuple(_photo([cells[row] for cells in sheets.values()]) for row in range(min(num_photos, MAX_PHOTOS)))
    return Gallery(tuple(sheets), photos, tuple(notes))


def read_cells(path: Path) -> list[list[Image.Image]]:
    """Cut a samples.png into its rows of three square cells: gray, colorized, truth.

    Raises:
        SamplesError: there is none, it cannot be decoded, or it is not made of three columns of squares.
    """
    image = _decoded(path)
    width, height = image.size
    cell = width // 3
    if width % 3 or not cell or height % cell:
        raise SamplesError(f"its samples.png of {width}x{height} pixels is not made of rows of three squares")
    return [
        [image.crop((left, top, left + cell, top + cell)) for left in range(0, width, cell)]
        for top in range(0, height, cell)
    ]


def _decoded(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.convert("RGB")
    except FileNotFoundError:
        raise SamplesError("it left no samples.png") from None
    # Pillow raises what its decoders raise: SyntaxError for a damaged chunk, struct.error and others for short ones.
    except Exception as error:
        raise SamplesError(f"its samples.png cannot be decoded ({error})") from None


def _refuse_other_photos(cells: list[list[Image.Image]], sheets: dict[int, list[list[Image.Image]]]) -> None:
    """Photos can only be compared if they are the same ones in the same size."""
    for number, others in list(sheets.items())[:1]:
        if any(mine[TRUTH].tobytes() != other[TRUTH].tobytes() for mine, other in zip(cells, others, strict=False)):
            raise SamplesError(f"its samples are of other photos, or of another size, than those of trial {number}")


def _photo(rows: list[list[Image.Image]]) -> Photo:
    return Photo(
        _data_uri(rows[0][GRAY]), _data_uri(rows[0][TRUTH]), tuple(_data_uri(cells[COLORIZED]) for cells in rows)
    )


def _data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
