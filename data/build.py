"""From a source to train.beton, val.beton and test.beton, each with its manifest."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from data.beton import write_beton
from data.config import BuildOptions
from data.errors import DataError
from data.files import replaced_atomically, sha256
from data.filters import usable
from data.images import centre_square, decode, encode
from data.manifest import Manifest, check_quick, manifest_path, sampled_chunks, write_manifest
from data.parallel import Track, in_order, untracked
from data.sources.photo import Photo, Source
from data.splits import split

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class _Shared:
    """What the manifests of all splits have in common."""

    source: str
    fingerprint: str
    options: BuildOptions
    classes: tuple[str, ...]
    dropped: dict[str, int]


def build(
    source: Source, out_dir: Path, options: BuildOptions, *, num_workers: int, track: Track = untracked
) -> dict[str, Manifest]:
    """Filter, split and write the photos of `source` into `out_dir`; the manifests by split.

    Raises:
        DataError: no photo is usable, a split would be empty, or the folder cannot be written.
    """
    _refuse_stale_splits(out_dir, options)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {out_dir} ({error.strerror}); choose another one") from error
    fingerprint = source.fingerprint()
    photos, dropped = usable(sorted(source.photos(), key=lambda photo: photo.id), num_workers, track)
    splits = split(photos, val=options.val, test=options.test, seed=options.seed)
    for name, members in splits.items():
        if not members:
            reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
            raise DataError(
                f"{name} would be empty: {source.name} has {len(photos)} usable photos ({reasons}); "
                "give more photos, or other fractions"
            )
    classes = tuple(sorted({photo.label for photo in photos if photo.label is not None}))
    shared = _Shared(source.name, fingerprint, options, classes, dropped)
    return {
        name: _write_split(out_dir / f"{name}.beton", members, shared, num_workers, track)
        for name, members in splits.items()
    }


def already_built(source: Source, out_dir: Path, options: BuildOptions) -> dict[str, Manifest] | None:
    """The manifests of an earlier build of the same photos with the same options, if it is whole; else None."""
    names = [name for name in SPLITS if name == "train" or getattr(options, name) > 0]
    try:
        manifests = {name: check_quick(out_dir / f"{name}.beton") for name in names}
    except DataError:
        return None
    fingerprint = source.fingerprint()
    same = all(found.options == options and found.fingerprint == fingerprint for found in manifests.values())
    return manifests if same else None


def _refuse_stale_splits(out_dir: Path, options: BuildOptions) -> None:
    """A split that an earlier build left and this one does not replace would share photos with the new ones."""
    for name in ("val", "test"):
        beton = out_dir / f"{name}.beton"
        if getattr(options, name) == 0 and beton.exists():
            raise DataError(
                f"{beton} is of another build and could share photos with this one; "
                f"delete it and {manifest_path(beton).name}, or choose another folder"
            )


def _write_split(beton: Path, photos: Sequence[Photo], shared: _Shared, num_workers: int, track: Track) -> Manifest:
    """Write one .beton and then its manifest: broken off in between, the check of the pair fails."""
    encoded = in_order(partial(_encoded, options=shared.options), photos, num_workers)
    try:
        with replaced_atomically(beton) as scratch:
            _write_samples(scratch, track(encoded, f"writing {beton.name}", len(photos)), photos, shared)
        manifest = _describe(beton, photos, shared)
        write_manifest(beton, manifest)
    except OSError as error:
        raise DataError(f"cannot write {beton} ({error}); make room, or choose another folder") from error
    return manifest


def _write_samples(path: Path, encoded: Iterable[bytes], photos: Sequence[Photo], shared: _Shared) -> None:
    labels: dict[str | None, int] = {None: -1}
    labels |= {name: label for label, name in enumerate(shared.classes)}
    samples = zip(encoded, (labels[photo.label] for photo in photos), strict=True)
    write_beton(path, samples, len(photos), shared.options.size, "raw" if shared.options.quality is None else "jpg")


def _encoded(photo: Photo, options: BuildOptions) -> bytes:
    try:
        image = decode(photo.read(), 2 * options.size)
    except (OSError, DataError) as error:
        raise DataError(f"{photo.id} was readable and is not any more ({error}); build again") from error
    return encode(centre_square(image, options.size), options.quality)


def _describe(beton: Path, photos: Sequence[Photo], shared: _Shared) -> Manifest:
    counts = Counter(photo.label for photo in photos)
    return Manifest(
        source=shared.source,
        fingerprint=shared.fingerprint,
        options=shared.options,
        size=shared.options.size,
        num_samples=len(photos),
        classes=shared.classes,
        class_counts={name: counts[name] for name in shared.classes},
        dropped=shared.dropped,
        sample_ids=tuple(photo.id for photo in photos),
        num_bytes=beton.stat().st_size,
        sha256=sha256(beton),
        chunks=sampled_chunks(beton),
    )
