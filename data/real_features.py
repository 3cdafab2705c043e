"""The real photos' side of FID and KID: features of a network, kept beside the .beton for every trial that comes.

Features, not only their mean and covariance: KID and an exact FID of few photos need them. 1,000 photos take 8 MB.
"""

import glob
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from data.files import lock, write_atomically


@dataclass(frozen=True)
class RealFeaturesKey:
    """All that the features of the real photos depend on."""

    beton_sha256: str
    num_photos: int
    """N: the first ones of the file. Values of other N do not compare."""
    side: int
    """Height and width of the photos, in pixels."""
    space: str
    """Which three channels the network is shown as red, green and blue."""
    layer: str
    """Of the network, as torch-fidelity names them by their width."""
    weights_hash: str
    resize: str
    """How the network brings photos to its own size; libraries differ by up to three levels."""

    @property
    def file_suffix(self) -> str:
        digest = hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()
        return f".fid-{digest[:16]}.pt"


def load_or_compute_real_features(beton: Path, key: RealFeaturesKey, compute: Callable[[], Tensor]) -> Tensor:
    """Features (N,d) float32 on the CPU of the real photos in `beton`, computed only if they are not kept.

    Of processes that start together on a node one computes, and the others wait for it. Where the folder of the .beton
    cannot be written to, they are kept in the user's cache folder; where that cannot either, they are computed again.
    """
    places = [folder / f"{beton.name}{key.file_suffix}" for folder in (beton.parent, _cache_folder())]
    with _one_at_a_time(beton):
        for path in places:
            if (kept := _read(path, key)) is not None:
                return kept
        features = compute().float().cpu()
        content = io.BytesIO()
        torch.save({"key": asdict(key), "features": features, "sha256": _hash(features)}, content)
        for path in places:
            with suppress(OSError):
                write_atomically(path, content.getvalue())
                break
    return features


def forget_real_features(beton: Path) -> None:
    """Delete what is kept beside a .beton that has been replaced."""
    for path in beton.parent.glob(f"{glob.escape(beton.name)}.fid-*.pt"):
        path.unlink(missing_ok=True)


def _cache_folder() -> Path:
    # Not Path.expanduser, which raises for a user without a home.
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "huetune"  # noqa: PTH111


@contextmanager
def _one_at_a_time(beton: Path) -> Iterator[None]:
    """Hold the .beton's lock; without one where the file system has none."""
    try:
        handle = os.open(beton, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        lock(handle, wait=True)
        yield
    finally:
        os.close(handle)


def _read(path: Path, key: RealFeaturesKey) -> Tensor | None:
    """Features as they were kept; None if there are none or the file is damaged."""
    try:
        kept = torch.load(path, weights_only=True)
        features: Tensor = kept["features"]
        # torch.load does not see flipped bytes.
        whole = kept["key"] == asdict(key) and len(features) == key.num_photos and kept["sha256"] == _hash(features)
    except Exception:  # torch.load raises whatever the damage leads to
        return None
    return features if whole else None


def _hash(features: Tensor) -> str:
    return hashlib.sha256(features.numpy().tobytes()).hexdigest()
