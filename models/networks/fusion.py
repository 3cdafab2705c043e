"""A class branch beside the U-Net, whose features are also fused into the bottleneck (after Iizuka et al. 2016).

The U-Net with batch norm on its bottleneck, branch, fusion and head: 97,096,015 parameters for 205 classes at side 256.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.networks.blocks import FlattenExactly, scaled
from models.networks.unet import BRANCH_LEVEL, SLOPE, channels_of, down_block

BRANCH_DEPTH = 3
BRANCH_STRIDE = 1 << (BRANCH_LEVEL + 1 + BRANCH_DEPTH)
HEAD_DROPOUT = 0.5


class ClassBranch(nn.Sequential):
    """The U-Net's third map (B,256,H/8,W/8) to (B,512,H/64,W/64). A part of the encoder, since both tasks use it."""

    def __init__(self, width: float) -> None:
        channels = channels_of(width, BRANCH_LEVEL + 1 + BRANCH_DEPTH)[BRANCH_LEVEL:]
        layers: list[nn.Module] = []
        for into, out in pairwise(channels):
            layers += [down_block(into, out), nn.LeakyReLU(SLOPE)]
        super().__init__(*layers)


def branch_size(width: float, side: int) -> int:
    """Values of the class branch for one photo."""
    return scaled(512, width) * (side // BRANCH_STRIDE) ** 2


def fused_channels(width: float) -> int:
    """Channels that the fusion adds to the bottleneck's."""
    return scaled(512, width)


class FusedDecoder(nn.Module):
    """Joins a vector of the class branch to each place of the bottleneck, then decodes.

    decoder: for a bottleneck of fused_channels more than the encoder's.
    """

    def __init__(self, decoder: nn.Module, width: float, side: int) -> None:
        super().__init__()
        size, hidden, out = branch_size(width, side), scaled(1024, width), fused_channels(width)
        self.fusion = nn.Sequential(
            FlattenExactly(size),
            nn.Linear(size, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, out),
            nn.LeakyReLU(SLOPE),
        )
        self.decoder = decoder

    def forward(self, features: list[Tensor]) -> Tensor:
        *skips, branch, bottleneck = features
        vector = self.fusion(branch)[:, :, None, None]  # (B,512,1,1)
        everywhere = vector.expand(-1, -1, *bottleneck.shape[2:])
        ab: Tensor = self.decoder([*skips, torch.cat([bottleneck, everywhere], dim=1)])
        return ab


class BranchHead(nn.Module):
    """The class branch's features to logits (B,classes): FC 2048, FC 1024, FC classes; dropout before each ReLU."""

    def __init__(self, width: float, side: int, num_classes: int) -> None:
        super().__init__()
        sizes = [branch_size(width, side), scaled(2048, width), scaled(1024, width)]
        layers: list[nn.Module] = [FlattenExactly(sizes[0])]
        for into, out in pairwise(sizes):
            layers += [nn.Linear(into, out), nn.Dropout(HEAD_DROPOUT), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], num_classes))

    def forward(self, features: list[Tensor]) -> Tensor:
        logits: Tensor = self.layers(features[-2])
        return logits
