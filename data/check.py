"""The full check of a .beton: every byte, every sample, and no photo of its other splits."""

from collections import Counter
from pathlib import Path

from data.beton import read_samples
from data.errors import DataError
from data.files import sha256
from data.manifest import MEND, Manifest, check_quick, manifest_path, read_manifest, readable
from data.parallel import Track, untracked
from data.splits import SPLITS


def check_full(beton: Path, *, num_workers: int = 1, track: Track = untracked) -> Manifest:
    """The manifest, once every byte agrees with it and every sample decodes (as long as reading all of it takes).

    Raises:
        DataError: as check_quick; or a byte differs, a sample does not decode, or another split of the same folder is
            of another build or shares photos with it.
    """
    manifest = check_quick(beton)
    with readable(beton):
        whole = sha256(beton) == manifest.sha256
    if not whole:
        raise DataError(f"{beton} was altered: its SHA-256 differs from its manifest's; {MEND}")
    samples = track(read_samples(beton, num_workers), f"checking {beton.name}", manifest.num_samples)
    counts: Counter[int] = Counter()
    for number, (image, label) in enumerate(samples):
        if image.shape != (manifest.size, manifest.size, 3):
            raise DataError(f"{beton}: sample {number} is {image.shape}, not of {manifest.size} px; build again")
        counts[label] += 1
    if counts != _expected_counts(manifest):
        raise DataError(f"{beton}: its samples are not those that its manifest counts; build again")
    others = [beton.with_name(f"{split}.beton") for split in SPLITS if beton.stem in SPLITS and split != beton.stem]
    for other in others:
        if manifest_path(other).exists():
            _require_one_build(beton, manifest, other, read_manifest(other))
    return manifest


def _expected_counts(manifest: Manifest) -> Counter[int]:
    """Samples by label, none left out."""
    if not manifest.classes:
        return Counter({-1: manifest.num_samples})
    return +Counter({label: manifest.class_counts[name] for label, name in enumerate(manifest.classes)})


def _require_one_build(beton: Path, manifest: Manifest, other: Path, others: Manifest) -> None:
    if shared := set(manifest.photo_digests) & set(others.photo_digests):
        raise DataError(f"{beton} and {other.name} share {len(shared)} photos; build both in one go")
    if (manifest.fingerprint, manifest.options) != (others.fingerprint, others.options):
        raise DataError(f"{beton} and {other.name} are of two builds; build both in one go")
