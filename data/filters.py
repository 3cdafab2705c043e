"""Which photos are of no use, and why: unreadable, gray, too small or too long, copies of another, without a class."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from PIL import Image, ImageChops
from pydantic import BaseModel, ConfigDict

from data.config import Rules
from data.errors import DataError
from data.images import AnimatedError, open_photo, upright_rgb, upright_size
from data.parallel import Track, in_order
from data.sources.photo import Photo

Reason = Literal[
    "unreadable",
    "animated",
    "gray",
    "too small",
    "extreme aspect",
    "duplicate",
    "copy in another class",
    "no class",
]

_INSPECTED_PX = 128
_KEPT_FIRST = ("test", "val", "train", None)
"""Of copies in several splits, the one that stays: the splits that are measured on remain whole."""


class Dropped(BaseModel):
    """A photo that is not used, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    reason: Reason
    detail: str
    """What was found, in one line: the decoder's error, the size, the photo that this one is a copy of."""


@dataclass(frozen=True)
class Kept:
    """A photo that is used."""

    photo: Photo
    digest: str
    """First 16 hex digits of the SHA-256 of the file's bytes: of ten million photos, no two by chance."""
    width: int
    """Pixels of the whole photo, upright."""
    height: int


@dataclass(frozen=True)
class Screening:
    """All photos of a source, each kept or dropped, in the order they came in."""

    kept: list[Kept]
    dropped: list[Dropped]


def by_reason(dropped: Iterable[Dropped]) -> str:
    """How many photos were dropped for each reason there was, in words, the commonest first."""
    counts = Counter(photo.reason for photo in dropped).most_common()
    return ", ".join(f"{count:,} {reason}" for reason, count in counts) or "none"


class LeakageError(DataError):
    """The same photo lies in two of the source's own splits."""


def screen(photos: Sequence[Photo], rules: Rules, num_workers: int, track: Track, *, labelled: bool) -> Screening:
    """Which photos to use; `labelled`: only those with a class.

    Of several files with the same bytes the first stays, whatever the classes of the others; of those in several of
    the source's own splits, test's before val's before train's. Only photos without another fault are compared.

    Raises:
        LeakageError: the source's own splits share photos, and the rules do not say to drop them.
    """
    looks = in_order(partial(_look, rules=rules, labelled=labelled), photos, num_workers)
    outcomes = list(track(looks, "inspecting", len(photos)))
    originals = _originals([outcome for outcome in outcomes if isinstance(outcome, Kept)], rules)
    screening = Screening([], [])
    for outcome in outcomes:
        if isinstance(outcome, Dropped):
            screening.dropped.append(outcome)
        elif outcome.photo.id in originals:
            copy, original = outcome.photo, originals[outcome.photo.id]
            reason: Reason = "duplicate" if copy.label == original.label else "copy in another class"
            screening.dropped.append(Dropped(id=copy.id, reason=reason, detail=f"of {original.id}"))
        else:
            screening.kept.append(outcome)
    return screening


def colourfulness(image: Image.Image) -> int:
    """Levels of 255 by which R, G and B differ at most, anywhere in an RGB image; sepia is a colour.

    Measured on averages over cells of at most 1/128 of the shorter side, as a JPEG decoded at a fraction of its size
    consists of such anyhow. So a few hot pixels of a camera or specks of a scan do not make a gray photo coloured,
    while a coloured spot of 1/64 of the shorter side does, as it covers a whole cell: in every file format alike.
    """
    if (factor := min(image.size) // _INSPECTED_PX) > 1:
        image = image.reduce(factor)
    red, green, blue = image.split()
    highest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    lowest = ImageChops.darker(ImageChops.darker(red, green), blue)
    return int(np.asarray(ImageChops.subtract(highest, lowest)).max())


def _look(photo: Photo, rules: Rules, labelled: bool) -> Kept | Dropped:
    """What a photo is by itself: of use, or not."""
    drop = partial(Dropped, id=photo.id)
    if labelled and photo.label is None:
        return drop(reason="no class", detail="")
    try:
        content = photo.read()
        opened = open_photo(content)
        size = opened.size
        if reason := _wrong_shape(size, rules):
            return drop(reason=reason, detail="{}×{}".format(*size))
        levels = colourfulness(upright_rgb(opened, _INSPECTED_PX))
    except AnimatedError as error:
        return drop(reason="animated", detail=str(error))
    except DataError as error:
        return drop(reason="unreadable", detail=str(error))
    except OSError as error:
        return drop(reason="unreadable", detail=error.strerror or str(error))
    if levels <= rules.gray_tolerance:
        return drop(reason="gray", detail=f"R, G and B differ by at most {levels} of 255")
    width, height = upright_size(opened, size)
    return Kept(photo, hashlib.sha256(content).hexdigest()[:16], width, height)


def _wrong_shape(size: tuple[int, int], rules: Rules) -> Reason | None:
    shorter, longer = sorted(size)
    if shorter < rules.min_side:
        return "too small"
    return "extreme aspect" if longer > rules.max_aspect * shorter else None


def _originals(usable: Sequence[Kept], rules: Rules) -> dict[str, Photo]:
    """By the id of each photo that is a copy, the photo that stays instead of it."""
    staying: dict[str, Photo] = {}
    for kept in usable:
        known = staying.get(kept.digest)
        if known is None or _KEPT_FIRST.index(kept.photo.split) < _KEPT_FIRST.index(known.split):
            staying[kept.digest] = kept.photo
    copies = [(kept.photo, staying[kept.digest]) for kept in usable if staying[kept.digest] is not kept.photo]
    leaks = [(copy, original) for copy, original in copies if copy.split not in (None, original.split)]
    if leaks and not rules.drop_leaks:
        copy, original = leaks[0]
        raise LeakageError(
            f"the source's own splits share photos: {len(leaks)} of them, first {copy.id} ({copy.split}), a copy "
            f"of {original.id} ({original.split}); drop the copies with --drop-leaks, or divide all photos anew with "
            "--pool"
        )
    return {copy.id: original for copy, original in copies}
