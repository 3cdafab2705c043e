"""From a source to train.beton, val.beton and test.beton, each with its manifest."""

import errno
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from data.beton import write_beton
from data.config import BuildOptions
from data.errors import DataError
from data.figures import PhotoSums, figures, photo_sums, total
from data.files import only_writer, replaced_atomically, sha256
from data.filters import Kept
from data.images import centre_square, decode, encode
from data.manifest import Manifest, check_quick, manifest_path, sampled_chunks, sealed
from data.parallel import Track, in_order, untracked
from data.plan import BuildPlan, plan_build
from data.real_features import forget_real_features
from data.sources.photo import Source, Split
from data.splits import SPLITS

_FULL = (errno.ENOSPC, errno.EDQUOT)


def build(
    source: Source, out_dir: Path, options: BuildOptions, *, num_workers: int, track: Track = untracked
) -> dict[Split, Manifest]:
    """Draw, filter, divide and write the photos of `source` into `out_dir`; the manifests by split.

    All files take their names at the end: a build that fails or is broken off leaves an earlier one as it was.

    Raises:
        DataError: no photo is usable, a class or a split would have none, another build writes into the folder, or it
            cannot be written.
    """
    try:
        betons = [_beton(out_dir, split) for split in SPLITS]
        with only_writer(out_dir, [path.name for beton in betons for path in (beton, manifest_path(beton))]):
            return _build(source, out_dir, options, num_workers, track)
    except OSError as error:
        mend = "make room there" if error.errno in _FULL else "choose a folder that you may write to"
        raise DataError(f"cannot write into {out_dir} ({error.strerror or error}); {mend}") from error


def already_built(source: Source, out_dir: Path, options: BuildOptions) -> dict[Split, Manifest] | None:
    """The manifests of an earlier build of the same photos with the same options, if it is whole; else None."""
    try:
        manifests = {split: check_quick(beton) for split in SPLITS if (beton := _beton(out_dir, split)).exists()}
    except (DataError, OSError):
        return None
    fingerprint = source.fingerprint()
    same = all(
        found.options == options and found.fingerprint == fingerprint and set(found.splits) == set(manifests)
        for found in manifests.values()
    )
    return manifests if manifests and same else None


def _build(
    source: Source, out_dir: Path, options: BuildOptions, num_workers: int, track: Track
) -> dict[Split, Manifest]:
    accept = partial(_refuse_stale_splits, out_dir)
    plan = plan_build(source, options, accept=accept, num_workers=num_workers, track=track)
    manifests: dict[Split, Manifest] = {}
    with ExitStack() as finished:
        # What is entered first takes its name last. So the manifests do: broken off in between, the check fails.
        betons = [_beton(out_dir, split) for split in plan.splits]
        notes = [finished.enter_context(replaced_atomically(manifest_path(beton))) for beton in betons]
        for split, beton, note in zip(plan.splits, betons, notes, strict=True):
            scratch = finished.enter_context(replaced_atomically(beton))
            manifests[split] = _write(scratch, split, plan, num_workers, track)
            note.write_text(sealed(manifests[split].model_dump_json(indent=1)), "utf-8")
    for beton in betons:
        forget_real_features(beton)
    return manifests


def _refuse_stale_splits(out_dir: Path, splits: Sequence[Split]) -> None:
    """A split that an earlier build left and this one does not replace would share photos with the new ones."""
    for split in SPLITS:
        beton = _beton(out_dir, split)
        for path in (beton, manifest_path(beton)):
            if path.is_dir():
                raise DataError(f"{path} is a folder where a file is to be; remove it, or choose another folder")
        if split not in splits and beton.exists():
            raise DataError(
                f"{beton} is of another build and could share photos with this one; "
                f"delete it and {manifest_path(beton).name}, or choose another folder"
            )


def _beton(folder: Path, split: Split) -> Path:
    return folder / f"{split}.beton"


def _write(path: Path, split: Split, plan: BuildPlan, num_workers: int, track: Track) -> Manifest:
    """Write one .beton to `path`, and describe it."""
    members, options = plan.splits[split], plan.options
    numbers: dict[str | None, int] = {None: -1} | {name: label for label, name in enumerate(plan.source.classes)}
    labels = [numbers[kept.photo.label] for kept in members]
    sums: defaultdict[int, PhotoSums] = defaultdict(lambda: total([]))

    def samples() -> Iterator[tuple[bytes, int]]:
        encoded = in_order(partial(_encoded, options=options), members, num_workers)
        tracked = track(encoded, f"writing {split}.beton", len(members))
        for label, (content, photo) in zip(labels, tracked, strict=True):
            sums[label] = total([sums[label], photo])
            yield content, label

    write_beton(path, samples(), len(members), options.size, "raw" if options.quality is None else "jpg")
    whole = total(sums.values())
    counts = Counter(labels)
    return Manifest(
        source=plan.source.name,
        fingerprint=plan.fingerprint,
        options=options,
        splits=tuple(plan.splits),
        size=options.size,
        num_samples=len(members),
        classes=plan.source.classes,
        class_figures={name: figures(counts[n], sums[n]) for n, name in enumerate(plan.source.classes)},
        figures=figures(len(members), whole),
        mean_photo_size=_mean_size(members),
        ab_bin_counts=tuple(whole.ab_bins.tolist()),
        dropped=tuple(plan.screening.dropped),
        sample_ids=tuple(kept.photo.id for kept in members),
        photo_digests=tuple(kept.digest for kept in members),
        num_bytes=path.stat().st_size,
        sha256=sha256(path),
        chunks=sampled_chunks(path),
    )


def _encoded(kept: Kept, options: BuildOptions) -> tuple[bytes, PhotoSums]:
    """The photo as it is stored, and the sums over its pixels (those before JPEG rounds them)."""
    try:
        image = decode(kept.photo.read(), 2 * options.size)
    except (OSError, DataError) as error:
        raise DataError(f"{kept.photo.id} was readable and is not any more ({error}); build again") from error
    square = centre_square(image, options.size)
    return encode(square, options.quality), photo_sums(np.asarray(square))


def _mean_size(members: Sequence[Kept]) -> tuple[float, float]:
    widths, heights = (sum(getattr(kept, side) for kept in members) for side in ("width", "height"))
    return round(widths / len(members), 1), round(heights / len(members), 1)
