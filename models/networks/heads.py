"""Classification heads on the bottleneck: FC 1000, ReLU, FC classes."""

from torch import Tensor, nn

from models.networks.blocks import FlattenExactly

HIDDEN = 1000


class PooledHead(nn.Module):
    """Feature maps of any size to logits (B,classes): 518,005 parameters for 512 channels and 5 classes."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), *_layers(channels, num_classes))

    def forward(self, features: list[Tensor]) -> Tensor:
        logits: Tensor = self.layers(features[-1])
        return logits


class FlattenedHead(nn.Module):
    """The same without pooling, for one size alone: 32,774,005 parameters for 512 channels of 8×8 and 5 classes."""

    def __init__(self, channels: int, side: int, num_classes: int) -> None:
        super().__init__()
        size = channels * side**2
        self.layers = nn.Sequential(FlattenExactly(size), *_layers(size, num_classes))

    def forward(self, features: list[Tensor]) -> Tensor:
        logits: Tensor = self.layers(features[-1])
        return logits


def _layers(size: int, num_classes: int) -> list[nn.Module]:
    return [nn.Linear(size, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, num_classes)]
