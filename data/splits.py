"""Draw a part of the photos, and divide them into training, validation and test: class by class, by seed.

Ids and seed alone decide (the order of a hash), so a photo that is added or removed barely moves the others, and a
smaller subset is part of a larger one.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from data.config import BuildOptions
from data.errors import DataError
from data.sources.photo import Photo, Split

SPLITS: tuple[Split, ...] = ("train", "val", "test")
_DEFAULT_VAL = 0.1


def draw(photos: Sequence[Photo], options: BuildOptions) -> list[Photo]:
    """The photos to look at: a subset of those to divide, and what is asked for of the source's own val and test.

    Raises:
        DataError: there are fewer photos than asked for, or the subset has none of some class.
    """
    if options.pool:
        photos = [replace(photo, split=None) for photo in photos]
    parts = _grouped(photos, lambda photo: _own(photo) or "subset")
    num_classes = len({photo.label for photo in parts.get("subset", [])})
    for name, amount in (("subset", options.subset), ("val", options.val), ("test", options.test)):
        if amount is not None and name in parts:
            parts[name] = _draw(parts[name], name, amount, options.seed)
    if len(parts.get("subset", [])) < num_classes:
        raise DataError(
            f"--subset {options.subset:g} is too few for a photo of each of {num_classes} classes; raise it"
        )
    return [photo for members in parts.values() for photo in members]


def planned(photos: Sequence[Photo], options: BuildOptions) -> tuple[Split, ...]:
    """The splits that `divide` will make of drawn photos."""
    own = {_own(photo) for photo in photos}
    wanted = {"train": True, "val": options.val != 0, "test": bool(options.test)}
    return tuple(split for split in SPLITS if wanted[split] or split in own)


def divide(photos: Sequence[Photo], options: BuildOptions) -> dict[Split, list[Photo]]:
    """The drawn photos by split, each in random order; a split that the source does not have is cut from the others.

    The sizes of the splits are exact. Every class gives each of them at least one photo, where it is large enough.

    Raises:
        DataError: there are fewer photos than asked for, or a class has too few for a photo in each split.
    """
    divided = [photo for photo in photos if not _own(photo)]
    amounts = {"val": _DEFAULT_VAL if options.val is None else options.val, "test": options.test or 0}
    splits: dict[Split, list[Photo]] = {}
    shares: dict[Split, int] = {}
    for split in planned(photos, options)[1:]:
        own = [photo for photo in photos if photo.split == split]
        if own:
            splits[split] = own
        else:
            shares[split] = _count(amounts[split], len(divided), split)
    splits |= _divide(divided, shares, options.seed)
    return {split: _shuffled(splits[split], options.seed) for split in SPLITS if split in splits}


def apportion(total: int, sizes: Sequence[int], capacities: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `sizes`, at most `capacities`; 1 at least where `total` is enough for that.

    Webster's method: place n of a class of `size` is taken after those of a smaller (n + ½) / size. Largest remainders
    would be nearer to proportion, but may take a photo from a class when `total` grows.
    """
    classes = np.repeat(np.arange(len(sizes)), capacities)
    places = np.concatenate([np.arange(capacity) for capacity in capacities])
    turns = (places + 0.5) / np.repeat(sizes, capacities)
    taken = np.lexsort((classes, turns, places > 0))[:total]
    counts: list[int] = np.bincount(classes[taken], minlength=len(sizes)).tolist()
    return counts


def _own(photo: Photo) -> Split | None:
    """The source's own split of a photo that is not for training."""
    return None if photo.split == "train" else photo.split


def _count(amount: float, available: int, option: str) -> int:
    """An amount in photos; a fraction above 0 is one photo at least."""
    if amount < 1:
        return min(max(round(amount * available), 1), available) if amount else 0
    if amount > available:
        raise DataError(
            f"--{option} asks for {int(amount):,} photos, but there are only {available:,} to choose from; lower it"
        )
    return int(amount)


def _draw(photos: Sequence[Photo], option: str, amount: float, seed: int) -> list[Photo]:
    """So many of the photos, from every class in proportion."""
    classes = _by_class(photos, seed)
    sizes = [len(members) for members in classes]
    counts = apportion(_count(amount, len(photos), option), sizes, sizes)
    return [photo for members, count in zip(classes, counts, strict=True) for photo in members[:count]]


def _divide(photos: Sequence[Photo], shares: dict[Split, int], seed: int) -> dict[Split, list[Photo]]:
    """Divide the photos of every class: `shares` photos for val and test, the others for training."""
    classes = _by_class(photos, seed)
    _require_enough(classes, ["train", *shares])
    left = classes
    splits: dict[Split, list[Photo]] = {}
    for number, (split, share) in enumerate(shares.items()):
        # Each class keeps one photo for training and one for each split that is still to come.
        capacities = [len(members) - (len(shares) - number) for members in left]
        if share > sum(capacities):
            raise DataError(
                f"--{split} asks for {share:,} photos, which leaves none of some class to train on: lower it"
            )
        counts = apportion(share, [len(members) for members in classes], capacities)
        splits[split] = [photo for members, count in zip(left, counts, strict=True) for photo in members[:count]]
        left = [members[count:] for members, count in zip(left, counts, strict=True)]
    return splits | {"train": [photo for members in left for photo in members]}


def _require_enough(classes: Sequence[Sequence[Photo]], splits: Sequence[Split]) -> None:
    poor = [members for members in classes if len(members) < len(splits)]
    if poor:
        label, num_photos = poor[0][0].label, "1 usable photo" if len(poor[0]) == 1 else f"{len(poor[0])} usable photos"
        others = f" (and {len(poor) - 1} more such)" if len(poor) > 1 else ""
        named = "the source" if label is None else f"class {label!r}"
        raise DataError(
            f"{named} has {num_photos}{others}, but {', '.join(splits)} need one each; "
            "add photos, or leave the class out"
        )


def _by_class(photos: Iterable[Photo], seed: int) -> list[list[Photo]]:
    classes = _grouped(photos, lambda photo: photo.label or "")
    return [_shuffled(classes[label], seed) for label in sorted(classes)]


def _grouped(photos: Iterable[Photo], key: Callable[[Photo], str]) -> dict[str, list[Photo]]:
    groups: defaultdict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        groups[key(photo)].append(photo)
    return dict(groups)


def _shuffled(photos: Iterable[Photo], seed: int) -> list[Photo]:
    return sorted(photos, key=lambda photo: hashlib.sha256(f"{seed}:{photo.id}".encode()).digest())
