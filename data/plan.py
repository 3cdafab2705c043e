"""What a build will write: the photos of each split, with all that was looked at and left out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from data.config import BuildOptions
from data.errors import DataError
from data.filters import Kept, Screening, by_reason, screen
from data.parallel import Track
from data.sources.photo import Photo, Source, Split
from data.splits import SPLITS, divide, draw, planned


@dataclass(frozen=True)
class BuildPlan:
    source: Source
    fingerprint: str
    options: BuildOptions
    screening: Screening
    splits: Mapping[Split, Sequence[Kept]]


def plan_build(
    source: Source,
    options: BuildOptions,
    *,
    accept: Callable[[Sequence[Split]], None],
    num_workers: int,
    track: Track,
) -> BuildPlan:
    """Draw, screen and divide the photos of a source.

    accept: raises where these splits cannot be written; called before any photo is read.

    Raises:
        DataError: no photo is usable, there is one class only, or a class or a split would have no photo.
    """
    if len(source.classes) == 1:
        raise DataError(
            f"{source.name} has one class only, {source.classes[0]!r}, which leaves nothing to classify; "
            "add a class, or build without labels: flat:FOLDER"
        )
    fingerprint, photos = _listed(source)
    # Those outside of any class will be dropped: they must not take the places of others.
    loose = [photo for photo in photos if photo.label is None] if source.classes else []
    drawn = draw([photo for photo in photos if photo.label is not None] if loose else photos, options)
    drawn = sorted(drawn + loose, key=lambda photo: photo.id)
    accept(planned(drawn, options))
    screening = screen(drawn, options.rules, num_workers, track, labelled=bool(source.classes))
    _require_usable(source, drawn, screening)
    kept = {one.photo.id: one for one in screening.kept}
    splits = divide([one.photo for one in screening.kept], options)
    members = {split: [kept[photo.id] for photo in photos] for split, photos in splits.items()}
    return BuildPlan(source, fingerprint, options, screening, members)


def _listed(source: Source) -> tuple[str, list[Photo]]:
    """The fingerprint and the photos of a source, each photo once."""
    try:
        fingerprint, photos = source.fingerprint(), list(source.photos())
    except OSError as error:
        raise DataError(f"{source.name}: {error.filename or 'a file'}: {error.strerror}; make it readable") from error
    [(id_, times)] = Counter(photo.id for photo in photos).most_common(1) or [("", 0)]
    if times > 1:
        raise DataError(f"{source.name} lists {id_} {times} times; leave one of them")
    return fingerprint, photos


def _require_usable(source: Source, drawn: Sequence[Photo], screening: Screening) -> None:
    """At least one photo of every split that the source has, and one of every class to train on."""
    reasons = by_reason(screening.dropped)
    kept = [one.photo for one in screening.kept]
    if not kept:
        raise DataError(f"{source.name} has no usable photo (dropped: {reasons}); give other photos")
    training = {photo.label for photo in kept if photo.split in (None, "train")}
    emptied = {photo.split for photo in drawn} - {photo.split for photo in kept}
    empty = [split for split in SPLITS[1:] if split in emptied] or (["train"] if not training else [])
    if empty:
        raise DataError(
            f"{source.name} has splits of its own, but no usable photo for {empty[0]} (dropped: {reasons}); "
            "give other photos, or divide all of them anew with --pool"
        )
    without = sorted(set(source.classes) - training)
    if without:
        named = ", ".join(without[:3]) + (" ..." if len(without) > 3 else "")
        raise DataError(
            f"{source.name} has no usable photo of {named} to train on (dropped: {reasons}); "
            "choose the other classes with --classes"
        )
