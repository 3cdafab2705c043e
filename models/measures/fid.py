"""Fréchet Inception Distance: how far the generated photos are from the real ones, as a set."""

import io
import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from data.errors import HuetuneError
from models.weights import State, weights_hash

FeatureLayer = Literal["64", "192", "768", "2048"]
"""Layers of Inception by width, named as torch-fidelity names them; FID proper is of 2048."""


RESIZE = "TensorFlow 1 bilinear to 299"
"""How FidNetwork brings photos to Inception's size."""


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
        self.layer = features
        # The classifier is left out: features do not depend on it, and not every copy of the weights has it.
        self.weights_hash = weights_hash({name: w for name, w in state.items() if not name.startswith("fc.")})

    @torch.no_grad()
    def forward(self, photos: Tensor) -> Tensor:
        """Features (B,d) float32 of uint8 photos (B,3,H,W) of any size."""
        # A GPU would round to TF32 by default, and the real features may come from another machine.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            features: Tensor = self.inception(photos)[0]
        return features


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
