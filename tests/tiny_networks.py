"""Generators whose answers are known beforehand, for tests of what measures them."""

from collections.abc import Collection

import torch
from torch import Tensor, nn

from data.batch import Batch
from models.networks.colorizer import Prediction


class Answering(nn.Module):
    """Gives the same colour and the same logits for every photo; None leaves one of the two out."""

    def __init__(self, ab: float | None = 0.25, logits: tuple[float, ...] | None = None) -> None:
        super().__init__()
        self.ab, self.logits = ab, logits

    def forward(self, lightness: Tensor, detached: Collection[str] = ()) -> Prediction:
        ab = None if self.ab is None else torch.full_like(lightness, self.ab).expand(-1, 2, -1, -1)
        logits = None if self.logits is None else torch.tensor(self.logits).expand(len(lightness), -1)
        return Prediction([lightness], ab=ab, logits=logits)


class Restless(nn.Module):
    """What a measurement could disturb: dropout, and batch statistics that change in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Tanh())

    def forward(self, lightness: Tensor, detached: Collection[str] = ()) -> Prediction:
        return Prediction([lightness], ab=self.layers(lightness))


class SignOfA(nn.Module):
    """A discriminator: two patches, whose logits are the mean a of the photo plus and minus 1."""

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        mean = ab[:, :1].mean(dim=(2, 3), keepdim=True)
        return torch.cat((mean - 1, mean + 1), dim=3)


def joined(batches: list[Batch]) -> tuple[Tensor, Tensor, Tensor]:
    """Lightness, ab and labels of all photos."""
    return tuple(torch.cat([getattr(batch, name) for batch in batches]) for name in ("lightness", "ab", "label"))  # type: ignore[return-value]
