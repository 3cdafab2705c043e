"""How often the discriminator takes one kind of photo for the other."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.evaluation import Measurement
from models.measures.measure import Means, Seen


@dataclass(frozen=True)
class Judge:
    """A discriminator, and where it draws the line."""

    discriminator: nn.Module
    """Lightness (B,1,H,W) and ab (B,2,H,W) to a logit for each patch, (B,1,h,w)."""
    boundary: float | None
    """Mean logit of a photo from which on it counts as real; None for a critic, which draws no line."""


class DiscriminatorError:
    """`discriminator_error`: of a photo, half for the true one judged generated, half for the generated judged true.

    A detail: a low one is a good discriminator or a bad generator, which a sweep must not be told to look for.
    """

    def __init__(self, discriminator: nn.Module, boundary: float) -> None:
        self._discriminator, self._boundary = discriminator, boundary
        self._means = Means()

    def add(self, seen: Seen) -> None:
        real, fake = self._scores(seen, seen.batch.ab), self._scores(seen, seen.ab)  # (B,)
        wrong = (real < self._boundary).double() + (fake >= self._boundary).double()
        known = (real + fake).isfinite()
        self._means.add("discriminator_error", (wrong / 2).masked_fill(~known, torch.nan))

    def result(self) -> Measurement:
        return Measurement({}, details=self._means.result())

    def _scores(self, seen: Seen, ab: Tensor) -> Tensor:
        """(B,) mean logits of the patches."""
        logits: Tensor = self._discriminator(seen.batch.lightness, ab)
        return logits.float().mean(dim=(1, 2, 3))
