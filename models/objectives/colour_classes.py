"""Colour as a class: cross-entropy over ab bins (Zhang et al. 2016, equation 2)."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from data.batch import Batch
from data.bins import gamut_bins, gamut_bins_on
from data.errors import DataError
from models.networks.colorizer import Prediction


class BinsCrossEntropy:
    """Mean over all pixels of the logits, to whose size the true colours are averaged down.

    soft: the target is spread over the 5 nearest bins; onehot: it is the nearest. With class weights (Q,), each pixel
    counts as much as the bin nearest to its true colour.
    """

    def __init__(self, target: Literal["soft", "onehot"], class_weights: Tensor | None = None) -> None:
        self._target, self._class_weights = target, class_weights

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        assert prediction.bins is not None
        logits = prediction.bins.float()  # (B,Q,h,w)
        height, width = logits.shape[2:]
        true = F.adaptive_avg_pool2d(batch.scale.denormalise(batch.ab), (height, width))  # (B,2,h,w), Lab units
        bins, shares = self._targets(true)
        losses = logits.logsumexp(1) - (shares * logits.gather(1, bins)).sum(1)  # (B,h,w)
        if self._class_weights is not None:
            self._class_weights = self._class_weights.to(logits.device)
            losses = losses * self._class_weights[bins[:, 0]]
        return losses.mean()

    def _targets(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """The bins of each pixel, nearest first, and their shares: (B,K,h,w) each."""
        bins = gamut_bins_on(ab.device)
        if self._target == "soft":
            return bins.soft(ab)
        nearest = bins.nearest(ab)[:, None]
        return nearest, torch.ones_like(nearest, dtype=ab.dtype)


def build_bins_cross_entropy(
    target: Literal["soft", "onehot"], uniform_share: float | None, counts: Tensor | None
) -> BinsCrossEntropy:
    """Rebalanced by rarity if a share λ of the uniform distribution is given; then `counts` (Q,) are the training
    pixels in each bin. Raises DataError if they are missing.
    """
    if uniform_share is None:
        return BinsCrossEntropy(target)
    if counts is None:
        raise DataError(
            "loss.rebalancing weighs colours by their rarity, but the data set has no counts of them: "
            "build it again, or remove loss.rebalancing"
        )
    return BinsCrossEntropy(target, gamut_bins().rebalancing_weights(counts, uniform_share))
