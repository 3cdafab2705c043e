"""The same validation photos as the best trials colorized them, side by side, and those where the best one fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analysis.report.samples import (
    COLORIZED,
    GRAY,
    TRUTH,
    Cells,
    SamplesError,
    colour_errors,
    read_cells,
    read_lpips,
    shown,
)
from analysis.report.section import Section, Subject
from search.records import Trial

MAX_PHOTOS = 8
MAX_FAILURES = 3
GLARING = 50.0
"""The error in ab from which on the map of errors is white: from gray to the most vivid red are about 100."""
RAMP = ((16, 18, 24), (86, 24, 80), (213, 94, 0), (255, 240, 205))
"""Colours of the map of errors, from none to glaring ones."""


@dataclass(frozen=True)
class Photo:
    """One validation photo; images are data URIs."""

    gray: str
    truth: str
    colorized: tuple[str, ...]
    """By each of the gallery's trials."""
    errors: tuple[float, ...]
    """By each of them, the mean distance to the true colours in ab."""


@dataclass(frozen=True)
class Failure:
    """A photo on which the first of the gallery's trials is far from the truth."""

    row: int
    """Of samples.png, from 1."""
    photo: Photo
    map: str
    """Where that trial errs."""
    lpips: float | None
    """Of that trial; None: it was not measured, and the photo was chosen by its colours."""


@dataclass(frozen=True)
class Gallery:
    """`trials` are the numbers of those shown, best first; `notes` say in words which are left out and why."""

    trials: tuple[int, ...]
    photos: tuple[Photo, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    num_samples: int
    """Photos that all of them left, more than are shown if there are many."""
    has_best: bool
    """Whether the first of `trials` is the best of those that were asked for."""


def photos_section(subject: Subject) -> Section | None:
    found = gallery([one.trial for one in subject.ranking.ranked[: subject.top]])
    content = {"gallery": found, "glaring": GLARING}
    return Section("photos", "Photos", content) if found.photos or found.notes else None


def gallery(trials: Sequence[Trial]) -> Gallery:
    """The first photos of the samples that `trials` left; whoever has none, or of other photos, is left out."""
    sheets: dict[int, Cells] = {}
    notes = []
    for trial in trials:
        try:
            cells = read_cells(trial.folder / "samples.png")
            _refuse_other_photos(cells, sheets)
            sheets[trial.number] = cells
        except SamplesError as error:
            notes.append(f"Trial {trial.number} is not shown: {error}.")
    num_samples = min((len(cells) for cells in sheets.values()), default=0)
    photos = tuple(_photo(sheets, row) for row in range(min(num_samples, MAX_PHOTOS)))
    lpips = next((read_lpips(trial.folder / "samples.png") for trial in trials if trial.number in sheets), [])
    failures = _failures(sheets, num_samples, lpips[:num_samples])
    has_best = bool(trials) and trials[0].number in sheets
    return Gallery(tuple(sheets), photos, failures, tuple(notes), num_samples, has_best)


def _failures(sheets: Mapping[int, Cells], num_samples: int, lpips: Sequence[float]) -> tuple[Failure, ...]:
    """The photos on which the first of the trials is farthest from the truth, farthest first; half of them at most.

    By LPIPS, which judges as people do, or where there is none by the colours.
    """
    best = next(iter(sheets.values()), [])[:num_samples]
    maps = [colour_errors(cells) for cells in best]
    by_lpips = len(lpips) == len(best)
    errors = lpips if by_lpips else [float(errors.mean()) for errors in maps]
    worst = sorted(range(len(best)), key=lambda row: -errors[row])[: min(MAX_FAILURES, num_samples // 2)]
    return tuple(
        Failure(row + 1, _photo(sheets, row), shown(_error_map(maps[row])), lpips[row] if by_lpips else None)
        for row in worst
    )


def _error_map(errors: NDArray[np.float64]) -> Image.Image:
    """An image of (H, W) errors in the colours of RAMP."""
    stops = np.linspace(0, GLARING, len(RAMP))
    channels = [np.interp(errors, stops, [colour[channel] for colour in RAMP]) for channel in range(3)]
    return Image.fromarray(np.stack(channels, axis=-1).round().astype(np.uint8))


def _refuse_other_photos(cells: Cells, sheets: Mapping[int, Cells]) -> None:
    """Photos can only be compared if they are the same ones in the same size."""
    for number, others in list(sheets.items())[:1]:
        if any(mine[TRUTH].tobytes() != other[TRUTH].tobytes() for mine, other in zip(cells, others, strict=False)):
            raise SamplesError(f"its samples are of other photos, or of another size, than those of trial {number}")


def _photo(sheets: Mapping[int, Cells], row: int) -> Photo:
    rows = [cells[row] for cells in sheets.values()]
    return Photo(
        shown(rows[0][GRAY]),
        shown(rows[0][TRUTH]),
        tuple(shown(cells[COLORIZED]) for cells in rows),
        tuple(float(colour_errors(cells).mean()) for cells in rows),
    )
