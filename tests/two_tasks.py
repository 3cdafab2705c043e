"""A colorizer of a few hundred parameters, whose feature maps depend on one another as an encoder's do."""

import torch
from torch import Tensor, nn

from models.config.loss import LossConfig, TaskLoss, Weighting


class TwoTasks(nn.Module):
    """Lightness (B,1,8,8) to two feature maps, from which come ab (B,2,8,8) and the logits of 3 classes (B,3)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.ModuleList([nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 3, stride=2, padding=1)])
        self.up = nn.ConvTranspose2d(6, 4, 2, 2)
        self.decoder = nn.Conv2d(8, 2, 3, padding=1)
        self.head = nn.Linear(6, 3)

    def features(self, lightness: Tensor) -> list[Tensor]:
        first = self.encoder[0](lightness).tanh()
        return [first, self.encoder[1](first).tanh()]

    def ab(self, features: list[Tensor]) -> Tensor:
        skip, bottleneck = features
        return self.decoder(torch.cat([skip, self.up(bottleneck)], dim=1)).tanh()

    def logits(self, features: list[Tensor]) -> Tensor:
        return self.head(features[-1].mean(dim=(2, 3)))


class Step:
    """One forward pass over a batch of photos, the same for the same number."""

    def __init__(self, network: TwoTasks, number: int = 0, photos: slice = slice(None)) -> None:
        random = torch.Generator().manual_seed(number)
        lightness = torch.randn(4, 1, 8, 8, generator=random)[photos]
        true_ab = torch.randn(4, 2, 8, 8, generator=random)[photos]
        labels = torch.randint(3, (4,), generator=random)[photos]
        self.features = network.features(lightness)
        ab = network.ab(self.features).float()
        logits = network.logits(self.features).float()
        self.losses: dict[TaskLoss, Tensor] = {
            "l1": (ab - true_ab).abs().mean(),
            "classification": nn.functional.cross_entropy(logits, labels),
        }
        self.adversarial = -ab.mean()


def two_losses(weighting: Weighting, l1: float = 30.0, classification: float = 0.5, **others: float) -> LossConfig:
    return LossConfig(weighting=weighting, l1=l1, classification=classification, **others)  # type: ignore[arg-type]


def gradients(network: nn.Module) -> dict[str, Tensor]:
    """Those accumulated so far, by parameter; resets them."""
    found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad()
    return found
