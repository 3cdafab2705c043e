"""Fréchet Inception Distance: how far the generated photos are from the real ones, as a set."""

import hashlib
import io
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from data.errors import HuetuneError
from data.files import write_atomically
from models.weights import State, weights_hash

FeatureLayer = Literal["64", "192", "768", "2048"]
"""Layers of Inception by width, named as torch-fidelity names them; FID proper is of 2048."""


class TooFewPhotosError(HuetuneError):
    """A covariance needs two photos."""


class FidNetwork(nn.Module):
    """The TensorFlow Inception of 2015-12-05 that defines FID, with its own bilinear resize to 299 (TensorFlow 1).

    Source: Heusel et al. 2017, "GANs trained by a two time-scale update rule"; torch-fidelity's port.
    """

    def __init__(self, state: State, features: FeatureLayer = "2048") -> None:
        """`state` as `load_state("inception-fid")` gives it."""
        super().__init__()
        weights = io.BytesIO()  # torch-fidelity takes weights as a file only
        torch.save(state, weights)
        weights.seek(0)
        with torch.random.fork_rng(devices=[]):  # it draws initial weights first, only to replace them
            inception = FeatureExtractorInceptionV3("fid", [features], feature_extractor_weights_path=weights)
        self.inception = inception.to(memory_format=torch.channels_last)  # half as fast again on the CPU
        self.num_features = int(features)
        # The classifier is left out: features do not depend on it, and not every copy of the weights has it.
        self.weights_hash = weights_hash({name: w for name, w in state.items() if not name.startswith("fc.")})

    @torch.no_grad()
    def forward(self, photos: Tensor) -> Tensor:
        """Features (B,d) float32 of uint8 photos (B,3,H,W) of any size."""
        # A GPU would round to TF32 by default, and the real features may come from another machine.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            features: Tensor = self.inception(photos)[0]
        return features


def to_uint8(rgb: Tensor) -> Tensor:
    """Nearest of the 256 levels for (B,3,H,W) in 0..1; values outside are clipped. Inverse of `photos / 255`."""
    return rgb.mul(255).round().clamp(0, 255).to(torch.uint8)


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """FID of features (N,d) and (M,d): |μr − μf|² + tr Σr + tr Σf − 2 tr (Σr Σf)^½, exact, in float64.

    With Σ = FᵀF the last trace is the sum of the singular values of Fr Ffᵀ: no matrix root, no complex numbers, and
    for few photos the matrices are as small as the photos are few. Raises TooFewPhotosError below two photos.
    """
    if min(len(real), len(fake)) < 2:
        raise TooFewPhotosError(
            f"FID needs 2 photos or more on each side, got {len(real)} real and {len(fake)} generated: "
            "validate on more photos"
        )
    real, fake = real.double(), fake.double()
    shift = (real.mean(0) - fake.mean(0)).square().sum()
    real_factor, fake_factor = _covariance_factor(real), _covariance_factor(fake)
    spread = real_factor.square().sum() + fake_factor.square().sum()
    overlap = torch.linalg.svdvals(real_factor @ fake_factor.T).sum()
    return max(float(shift + spread - 2 * overlap), 0.0)  # rounding may leave −1e-12 for equal sets


def _covariance_factor(features: Tensor) -> Tensor:
    """F (min(N,d),d) with FᵀF the covariance of features (N,d)."""
    centred = (features - features.mean(0)) / math.sqrt(len(features) - 1)
    if len(centred) <= centred.shape[1]:
        return centred
    triangle: Tensor = torch.linalg.qr(centred, mode="r").R
    return triangle


@dataclass(frozen=True)
class RealFeaturesKey:
    """All that the features of the real photos depend on."""

    beton_sha256: str
    num_photos: int
    side: int
    """Height and width of the photos, in pixels."""
    weights_hash: str
    features: FeatureLayer

    def path(self, beton: Path) -> Path:
        """Where they are kept, beside the data set."""
        key = hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]
        return beton.with_name(f"{beton.name}.fid-{key}.pt")


def load_or_compute_real_features(beton: Path, key: RealFeaturesKey, compute: Callable[[], Tensor]) -> Tensor:
    """Features (N,d) float32 on the CPU of the real photos in `beton`, computed only if they are not kept beside it.

    Processes that start together may each compute them once; none ever reads half a file. A folder that cannot be
    written to costs the time of computing them again, no more.
    """
    path = key.path(beton)
    kept = _read_features(path, key)
    if kept is not None:
        return kept
    features = compute().float().cpu()
    content = io.BytesIO()
    torch.save({"features": features, "hash": weights_hash({"features": features})}, content)
    with suppress(OSError):
        write_atomically(path, content.getvalue())
    return features


def _read_features(path: Path, key: RealFeaturesKey) -> Tensor | None:
    """Features as they were kept; None if there are none or the file is damaged."""
    try:
        kept = torch.load(path, weights_only=True)
        features: Tensor = kept["features"]
        whole = kept["hash"] == weights_hash({"features": features})  # torch.load does not see flipped bytes
    except Exception:  # torch.load raises whatever the damage leads to
        return None
    return features if whole and features.shape == (key.num_photos, int(key.features)) else None
