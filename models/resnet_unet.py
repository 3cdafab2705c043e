"""U-Net whose encoder is a ResNet (He et al. 2016): with ResNet-18 14,720,578 parameters at width 1."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torchvision.models.resnet import BasicBlock

from models.blocks import UpBlock, initialise, output_block, scaled

_BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}


def channels_of(width: float) -> list[int]:
    """Channels of the encoder's feature maps: after the first convolution, then after each of the four layers."""
    return [scaled(channels, width) for channels in (64, 64, 128, 256, 512)]


class ResNetEncoder(nn.Module):
    """(B,1,H,W) to five feature maps, H/2 to H/32. Parameters have torchvision's names: its weights load at width 1."""

    def __init__(self, backbone: Literal["resnet18", "resnet34"], width: float) -> None:
        super().__init__()
        stem, *stages = channels_of(width)
        self.conv1 = nn.Conv2d(3, stem, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        inputs = [stem, *stages[:-1]]
        layers = [
            _stage(into, out, blocks, stride)
            for into, out, blocks, stride in zip(inputs, stages, _BLOCKS[backbone], (1, 2, 2, 2), strict=True)
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, lightness: Tensor) -> list[Tensor]:
        # The three equal channels let the network start from weights that were trained on photos.
        features = [F.relu(self.bn1(self.conv1(lightness.expand(-1, 3, -1, -1))))]
        features.append(self.layer1(F.max_pool2d(features[0], 3, 2, 1)))
        for stage in (self.layer2, self.layer3, self.layer4):
            features.append(stage(features[-1]))
        return features


class ResNetUNetDecoder(nn.Module):
    """The five feature maps to ab (B,2,H,W), with skips from layer 3, 2, 1 and the first convolution."""

    def __init__(self, width: float) -> None:
        super().__init__()
        stem, first, second, third, fourth = channels_of(width)
        outs = [third, second, first, first]
        inputs = [fourth, 2 * third, 2 * second, 2 * first]
        self.blocks = nn.ModuleList(UpBlock(into, out) for into, out in zip(inputs, outs, strict=True))
        self.output = output_block(first + stem)
        initialise(self)

    def forward(self, features: list[Tensor]) -> Tensor:
        upper = features[-1]
        for block, skip in zip(self.blocks, reversed(features[:-1]), strict=True):
            upper = torch.cat([F.relu(block(upper)), skip], dim=1)
        ab: Tensor = self.output(upper)
        return ab


def _stage(into: int, out: int, blocks: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1 or into != out:
        shortcut = nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))
    return nn.Sequential(BasicBlock(into, out, stride, shortcut), *(BasicBlock(out, out) for _ in range(blocks - 1)))
