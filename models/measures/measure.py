"""What every measure sees of the photos, one batch after the other, and what it gives in the end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from data.batch import Batch
from models.config.evaluation import MetricSpace
from models.evaluation import Measurement
from models.measures.pictures import picture
from models.networks.colorizer import Prediction

Colorize = Callable[[Batch], Prediction]
"""A generator, or a baseline that may look at the truth."""


@dataclass(frozen=True)
class Seen:
    """A batch, what was predicted of it, and both as pictures: uint8 (B,3,H,W), made once for all measures."""

    batch: Batch
    prediction: Prediction
    space: MetricSpace

    def __len__(self) -> int:
        return len(self.batch.label)

    @property
    def ab(self) -> Tensor:
        """The predicted colours (B,2,H,W), normalised as the batch's."""
        assert self.prediction.ab is not None
        return self.prediction.ab

    @cached_property
    def true(self) -> Tensor:
        """In the space of the image metrics."""
        return self._picture(self.batch.ab, self.space)

    @cached_property
    def generated(self) -> Tensor:
        return self._picture(self.ab, self.space)

    @cached_property
    def true_rgb(self) -> Tensor:
        return self.true if self.space == "rgb" else self._picture(self.batch.ab, "rgb")

    @cached_property
    def generated_rgb(self) -> Tensor:
        return self.generated if self.space == "rgb" else self._picture(self.ab, "rgb")

    def marked(self, values: Tensor) -> Tensor:
        """Floating-point values (B,...) of the photos, NaN for those whose predicted colours are not all finite.

        Bytes cannot hold a NaN: without this, photos of a diverged generator would count as merely black.
        """
        finite = self.ab.isfinite().flatten(1).all(dim=1)  # (B,)
        return values.masked_fill(~finite.view(-1, *[1] * (values.ndim - 1)), torch.nan)

    def first(self, count: int) -> "Seen":
        """The first `count` photos of the batch, or all if there are no more."""
        if count >= len(self):
            return self
        asked = self.prediction
        parts = [None if part is None else part[:count] for part in (asked.ab, asked.bins, asked.logits)]
        return Seen(self.batch[:count], Prediction([feature[:count] for feature in asked.features], *parts), self.space)

    def _picture(self, ab: Tensor, space: MetricSpace) -> Tensor:
        return picture(self.batch.lightness, ab, self.batch.scale, space)


class Measure(Protocol):
    """Keeps running sums on the device, or a few numbers for each photo: never photos. Reading waits for the end."""

    def add(self, seen: Seen) -> None: ...

    def result(self) -> Measurement: ...


class Means:
    """Weighted means by name, summed in float64 on the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}  # (2,) each: Σ weight × value, Σ weight

    def add(self, name: str, values: Tensor, weights: Tensor | None = None) -> None:
        """Add values (...), weighed by `weights` of the same shape, by default all alike."""
        values = values.detach().double()
        weights = torch.ones_like(values) if weights is None else weights.double()
        sums = torch.stack([(weights * values).sum(), weights.sum()])
        self._sums[name] = self._sums[name] + sums if name in self._sums else sums

    def result(self) -> dict[str, float]:
        """Those of which any weight was above 0: nothing has no mean."""
        sums = {name: both.tolist() for name, both in self._sums.items()}
        return {name: total / weight for name, (total, weight) in sums.items() if weight}


def merged(measurements: Iterable[Measurement]) -> Measurement:
    """All that several measures found."""
    whole = Measurement({})
    for one in measurements:
        whole = Measurement(whole.metrics | one.metrics, whole.losses | one.losses, whole.details | one.details)
    return whole
