"""How far apart the pictures are in the features of a network that judges as people do."""

import torch

from models.config.evaluation import LpipsNetwork
from models.evaluation import Measurement
from models.frozen import placed
from models.measures.measure import Means, Seen
from models.objectives.lpips import lpips_network


class PerceptualDistance:
    """`lpips` (Zhang et al. 2018), mean over the photos, each at its own size."""

    def __init__(self, network: LpipsNetwork, device: torch.device) -> None:
        self._lpips = placed(lpips_network(network), device)
        self._means = Means()

    def add(self, seen: Seen) -> None:
        self._means.add("lpips", seen.marked(self._lpips(seen.generated / 255, seen.true / 255)))

    def result(self) -> Measurement:
        return Measurement(self._means.result())
