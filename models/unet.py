"""U-Net of pix2pix (Isola et al. 2017): 54,410,370 parameters at width 1 and depth 8."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.blocks import UpBlock, initialise, output_block, scaled


def channels_of(width: float, depth: int) -> list[int]:
    """Channels of the encoder's feature maps, finest first: 64, 128, 256, 512, 512 ... times `width`."""
    return [scaled(64 * min(2**level, 8), width) for level in range(depth)]


class UNetEncoder(nn.Module):
    """(B,1,H,W) to `depth` feature maps before activation: (B,64,H/2,W/2), ..., (B,512,H/2^depth,W/2^depth)."""

    def __init__(self, width: float, depth: int) -> None:
        super().__init__()
        channels = channels_of(width, depth)
        blocks: list[nn.Module] = [nn.Conv2d(1, channels[0], 4, 2, 1, bias=False)]
        for level in range(1, depth - 1):
            convolution = nn.Conv2d(channels[level - 1], channels[level], 4, 2, 1, bias=False)
            blocks.append(nn.Sequential(convolution, nn.BatchNorm2d(channels[level])))
        # No batch norm on the bottleneck: at 1×1 with one image it would erase the only value it sees.
        blocks.append(nn.Conv2d(channels[-2], channels[-1], 4, 2, 1))
        self.blocks = nn.ModuleList(blocks)
        initialise(self)

    def forward(self, lightness: Tensor) -> list[Tensor]:
        features = [self.blocks[0](lightness)]
        for block in self.blocks[1:]:
            features.append(block(F.leaky_relu(features[-1], 0.2)))
        return features


class UNetDecoder(nn.Module):
    """The encoder's feature maps to ab (B,2,H,W), each map joined at its own scale."""

    def __init__(self, width: float, depth: int, dropout: float) -> None:
        super().__init__()
        channels = channels_of(width, depth)
        blocks = [UpBlock(channels[-1], channels[-2])]
        for level in range(depth - 2, 0, -1):
            innermost = channels[level - 1] == channels[-1]
            blocks.append(UpBlock(2 * channels[level], channels[level - 1], dropout if innermost else 0.0))
        self.blocks = nn.ModuleList(blocks)
        self.output = output_block(2 * channels[0])
        initialise(self)

    def forward(self, features: list[Tensor]) -> Tensor:
        upper = features[-1]
        for block, skip in zip(self.blocks, reversed(features[:-1]), strict=True):
            upper = torch.cat([block(F.relu(upper)), skip], dim=1)
        ab: Tensor = self.output(F.relu(upper))
        return ab
