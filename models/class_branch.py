"""The classification head on the bottleneck: pool, FC 1000, ReLU, FC classes (518,005 parameters for 5 classes)."""

from torch import nn


class ClassificationHead(nn.Sequential):
    """Bottleneck (B,C,h,w) of any size to logits (B,classes)."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000), nn.ReLU(), nn.Linear(1000, num_classes)
        )
