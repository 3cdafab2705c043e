"""The real photos' side of the FID: computed once for a data set, kept beside it, shared by all its trials."""

import functools
from pathlib import Path

import torch
from torch import Tensor

from data.batch import Batches
from data.manifest import Manifest
from data.real_features import RealFeaturesKey, load_or_compute_real_features
from models.config.evaluation import MetricSpace
from models.config.trial import TrialConfig
from models.fit import image_side
from models.measures.fid import RESIZE, FidNetwork
from models.measures.pictures import picture
from models.weights import load_state


class FidReference:
    """Features (N, 2048) of the real photos in one space, and the network that made them."""

    def __init__(self, network: FidNetwork, features: Tensor, space: MetricSpace = "rgb") -> None:
        self.network, self.features, self.space = network, features, space

    @property
    def num_images(self) -> int:
        return len(self.features)


def fid_reference(config: TrialConfig, manifest: Manifest, val: Batches, device: torch.device) -> FidReference | None:
    """What `val`, the photos of `config.data.val`, are compared with; None for a trial without FID.

    manifest: that of the file. Raises WeightsError without the network's weights.
    """
    wanted = config.evaluation
    num_images = min(wanted.fid_images, manifest.num_samples)
    if not num_images or "colorization" not in config.tasks:
        return None
    network, space, side = _network(device, wanted.fid_weights), wanted.metric_space, image_side(config, manifest)
    key = RealFeaturesKey(manifest.sha256, num_images, side, space, network.layer, network.weights_hash, RESIZE)
    compute = functools.partial(_real_features, val, network, num_images, space)
    features = load_or_compute_real_features(config.data.val, key, compute)
    return FidReference(network, features.to(device), space)


@functools.cache
def _network(device: torch.device, weights: Path | None) -> FidNetwork:
    """Kept for the trials that a worker runs after this one."""
    return FidNetwork(load_state("inception-fid", weights)).to(device).eval()


def _real_features(batches: Batches, network: FidNetwork, num_images: int, space: MetricSpace) -> Tensor:
    features: list[Tensor] = []
    missing = num_images
    for batch in batches.in_file_order():
        photos = picture(batch.lightness, batch.ab, batch.scale, space)[:missing]  # (B,3,H,W) uint8
        features.append(network(photos))
        missing -= len(photos)
        if not missing:
            break
    return torch.cat(features)
