"""How far apart the pictures are in the features of a network that judges as people do."""

import functools

import torch
from torch import nn

from models.config.evaluation import LpipsNetwork
from models.evaluation import Measurement
from models.measures.measure import Means, Seen
from models.objectives.lpips import build_lpips


class PerceptualDistance:
    """`lpips` (Zhang et al. 2018), mean over the photos, each at its own size."""

    def __init__(self, network: LpipsNetwork, device: torch.device) -> None:
        self._lpips = _lpips(network, device)
        self._means = Means()

    def add(self, seen: Seen) -> None:
        self._means.add("lpips", seen.marked(self._lpips(seen.generated / 255, seen.true / 255)))

    def result(self) -> Measurement:
        return Measurement(self._means.result())


@functools.cache
def _lpips(network: LpipsNetwork, device: torch.device) -> nn.Module:
    """Kept for the trials that a worker runs after this one."""
    return build_lpips(network).to(device).eval()
