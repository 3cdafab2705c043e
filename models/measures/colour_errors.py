"""How far the predicted ab are from the true ones, pixel by pixel."""

import torch
from torch import Tensor

from data.bins import AbBins, gamut_bins_on
from data.colour import AB_SCALES
from models.evaluation import Measurement
from models.measures.measure import Means, Seen

LARGEST_THRESHOLD = 150
"""In Lab units; thresholds are all whole numbers from 0 to it."""


class ColourErrors:
    """`l1`, `auc` and, where it is known how frequent each colour is, `auc_rebalanced`."""

    def __init__(self, bin_counts: Tensor | None, device: torch.device) -> None:
        """bin_counts (Q,): training pixels in each of gamut_bins()."""
        self._means = Means()
        self._bins: AbBins | None = None
        if bin_counts is not None:
            self._bins = gamut_bins_on(device)
            self._rarity = self._bins.rebalancing_weights(bin_counts.to(device), uniform_share=0)  # (Q,)

    def add(self, seen: Seen) -> None:
        scale, unit = seen.batch.scale, AB_SCALES["ab110"]
        true, generated = scale.denormalise(seen.batch.ab), scale.denormalise(seen.ab)  # (B,2,H,W), Lab units
        self._means.add("l1", (unit.normalise(generated) - unit.normalise(true)).abs().mean(dim=(1, 2, 3)))
        areas = threshold_areas((generated - true).square().sum(dim=1).sqrt())  # (B,H,W)
        self._means.add("auc", areas.mean(dim=(1, 2)))
        if self._bins is not None:
            self._means.add("auc_rebalanced", areas, self._rarity[self._bins.nearest(true)])

    def result(self) -> Measurement:
        return Measurement(self._means.result())


def threshold_areas(errors: Tensor) -> Tensor:
    """What each pixel's error (...) adds to the area under the cumulative curve: 1 for none, 0 for one above 150.

    The curve is the share of pixels with an error of at most t, for t = 0, 1, ... 150, joined by straight lines, its
    area divided by 150 (Zhang et al. 2016, section 3.1). A pixel is counted from t = ⌈error⌉ on, so that its area is
    150 − ⌈error⌉ and half a step, or the whole for an error of 0.
    """
    return (LARGEST_THRESHOLD + 0.5 - errors.ceil()).clamp(0, LARGEST_THRESHOLD) / LARGEST_THRESHOLD
