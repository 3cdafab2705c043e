"""Mean losses over many steps, added up on the device."""

from collections.abc import Mapping

import torch
from torch import Tensor


class Tally:
    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take in scalars; none of them is read, which would hold up the GPU."""
        for name, loss in losses.items():
            self._sums[name] = self._sums[name] + loss if name in self._sums else loss.double()
            self._counts[name] = self._counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """Each loss over the steps that had it; all are read at once."""
        if not self._sums:
            return {}
        values = torch.stack(list(self._sums.values())).tolist()
        return {name: value / self._counts[name] for name, value in zip(self._sums, values, strict=True)}
