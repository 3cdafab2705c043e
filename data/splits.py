"""Divide photos into training, validation and test, class by class."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from data.sources.photo import Photo


def split(photos: Sequence[Photo], *, val: float, test: float, seed: int) -> dict[str, list[Photo]]:
    """Stratified splits "train", "val" and "test", each in random order; a fraction of 0 leaves its split out.

    Every class gives each split that is asked for at least one photo, first of all training, as far as it has photos.
    Ids and seed alone decide (the order of a hash), so a photo that is added or removed barely moves the others.
    """
    by_class: defaultdict[str | None, list[Photo]] = defaultdict(list)
    for photo in photos:
        by_class[photo.label].append(photo)
    splits: dict[str, list[Photo]] = {"train": []}
    splits |= {name: [] for name, fraction in (("val", val), ("test", test)) if fraction > 0}
    for members in by_class.values():
        members.sort(key=lambda photo: _rank(photo, seed))
        num_val = _share(val, len(members), len(members) - 1)
        num_test = _share(test, len(members), len(members) - 1 - num_val)
        for name, start, end in (
            ("val", 0, num_val),
            ("test", num_val, num_val + num_test),
            ("train", num_val + num_test, len(members)),
        ):
            if start < end:
                splits[name] += members[start:end]
    return {name: sorted(members, key=lambda photo: _rank(photo, seed)) for name, members in splits.items()}


def _share(fraction: float, num_photos: int, available: int) -> int:
    """How many of a class's photos a split gets: its fraction, at least one, at most those available."""
    return 0 if fraction == 0 else min(max(round(fraction * num_photos), 1), available)


def _rank(photo: Photo, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{photo.id}".encode()).digest()
