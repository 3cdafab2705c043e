"""Colour decoders: from an encoder's feature maps, finest first, to ab (B,2,H,W) from −1 to 1."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.networks.blocks import MIN_CHANNELS, dropout_layers

NUM_DROPPED = 3
"""Innermost blocks with dropout (Isola et al. 2017, section 6.1)."""


def _up(into: int, out: int, bias: bool) -> nn.ConvTranspose2d:
    """(B,into,H,W) to (B,out,2H,2W)."""
    return nn.ConvTranspose2d(into, out, 4, 2, 1, bias=bias)


def _output(into: int) -> nn.Sequential:
    """(B,into,H/2,W/2) to ab (B,2,H,W)."""
    return nn.Sequential(_up(into, 2, bias=True), nn.Tanh())


def _halvings(stride: int) -> range:
    """Numbers of the blocks between the bottleneck and the output, which each double the side."""
    return range(stride.bit_length() - 2)


class SkipDecoder(nn.Module):
    """A U-Net's: each block reaches the next finer map of the encoder, which is joined to it.

    channels: of the encoder's maps, by their stride. Where a stride is missing, channels are halved and nothing joins.
    Parameters at width 1: 34,874,242 on the U-Net's encoder, 3,544,066 on ResNet-18's.
    """

    def __init__(self, channels: Mapping[int, int], dropout: float, whole_channels: bool) -> None:
        super().__init__()
        stride = max(channels)
        current = channels[stride]
        blocks = []
        self.joins = []
        """Whether a map is joined to each block's output."""
        for number in _halvings(stride):
            skip = channels.get(stride >> (number + 1), 0)
            out = skip or max(current // 2, MIN_CHANNELS)
            dropped = dropout_layers(dropout if number < NUM_DROPPED else 0.0, whole_channels)
            blocks.append(nn.Sequential(_up(current, out, bias=False), nn.BatchNorm2d(out), *dropped, nn.ReLU()))
            self.joins.append(skip > 0)
            current = out + skip
        self.blocks = nn.ModuleList(blocks)
        self.output = _output(current)

    def forward(self, features: list[Tensor]) -> Tensor:
        *skips, upper = features
        for block, joins in zip(self.blocks, self.joins, strict=True):
            upper = block(upper)
            if joins:
                upper = torch.cat([upper, skips.pop()], dim=1)
        ab: Tensor = self.output(upper)
        return ab


class PlainDecoder(nn.Module):
    """From the bottleneck alone, each block with half the channels: 512, 256, 128, 64, 32, 2 for a stride of 32."""

    def __init__(self, channels: Mapping[int, int], dropout: float, whole_channels: bool) -> None:
        super().__init__()
        stride = max(channels)
        current = channels[stride]
        blocks = []
        for number in _halvings(stride):
            out = max(current // 2, MIN_CHANNELS)
            dropped = dropout_layers(dropout if number < NUM_DROPPED else 0.0, whole_channels)
            blocks.append(nn.Sequential(_up(current, out, bias=True), nn.ReLU(), nn.BatchNorm2d(out), *dropped))
            current = out
        self.blocks = nn.Sequential(*blocks)
        self.output = _output(current)

    def forward(self, features: list[Tensor]) -> Tensor:
        ab: Tensor = self.output(self.blocks(features[-1]))
        return ab
