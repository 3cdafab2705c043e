"""The encoder of pix2pix's U-Net (Isola et al. 2017): 19,536,128 parameters at width 1 and depth 8."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.networks.blocks import scaled

SLOPE = 0.2
"""Of the encoders' leaky ReLUs."""
BRANCH_LEVEL = 2
"""The block, from 0, from which a class branch sets out."""


def channels_of(width: float, depth: int) -> list[int]:
    """Channels of the encoder's feature maps, finest first: 64, 128, 256, 512, 512 ... times `width`."""
    return [scaled(64 * min(2**level, 8), width) for level in range(depth)]


def down_block(into: int, out: int) -> nn.Sequential:
    """(B,into,H,W) to (B,out,H/2,W/2), before the activation."""
    return nn.Sequential(nn.Conv2d(into, out, 4, 2, 1, bias=False), nn.BatchNorm2d(out))


class UNetEncoder(nn.Module):
    """(B,1,H,W) to maps (B,64,H/2,W/2), ..., (B,512,H/2^depth,W/2^depth), rectified, ready to be joined to a decoder's.

    skips: give all maps; otherwise the last one alone.
    bottleneck_norm: batch norm on the bottleneck too. Where that is 1×1, torch refuses to train on one photo a batch.
    branch: a network on the third map (before the rectifier), whose output comes just before the bottleneck's.
    """

    def __init__(
        self, width: float, depth: int, skips: bool, bottleneck_norm: bool = False, branch: nn.Module | None = None
    ) -> None:
        super().__init__()
        channels = channels_of(width, depth)
        blocks: list[nn.Module] = [nn.Conv2d(1, channels[0], 4, 2, 1, bias=False)]
        blocks += [down_block(into, out) for into, out in pairwise(channels)]
        if not bottleneck_norm:
            blocks[-1] = nn.Conv2d(channels[-2], channels[-1], 4, 2, 1)
        self.blocks = nn.ModuleList(blocks)
        self.branch = branch
        self.skips = skips
        every = {2 ** (level + 1): count for level, count in enumerate(channels)}
        self.channels = every if skips else {2**depth: channels[-1]}
        """Channels of the maps by their stride."""

    def forward(self, lightness: Tensor) -> list[Tensor]:
        maps: list[Tensor] = []
        branched: list[Tensor] = []
        feature = lightness
        for level, block in enumerate(self.blocks):
            raw = block(feature)
            feature = F.leaky_relu(raw, SLOPE)
            maps.append(F.relu(raw))
            if level == BRANCH_LEVEL and self.branch is not None:
                branched.append(self.branch(feature))
        joined = maps[:-1] if self.skips else []
        return [*joined, *branched, maps[-1]]
