"""PatchGAN discriminator (Isola et al. 2017): each output sees 70×70 pixels; 2,765,633 parameters at width 1."""

import torch
from torch import Tensor, nn

from models.blocks import initialise, scaled


class PatchGAN(nn.Module):
    """Lightness (B,1,H,W) and ab (B,2,H,W) to one logit a patch, (B,1,30,30) for H = W = 256.

    normalised: batch norm in the middle layers. A WGAN-GP critic must have none, because the penalty is on the
    gradient of each sample alone (Gulrajani et al. 2017, section 4).
    """

    def __init__(self, width: float, normalised: bool) -> None:
        super().__init__()
        first, *rest = [scaled(channels, width) for channels in (64, 128, 256, 512)]
        layers: list[nn.Module] = [nn.Conv2d(3, first, 4, 2, 1), nn.LeakyReLU(0.2)]
        for into, out, stride in zip([first, *rest], rest, (2, 2, 1), strict=False):
            norm = [nn.BatchNorm2d(out)] if normalised else []
            layers += [nn.Conv2d(into, out, 4, stride, 1, bias=False), *norm, nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(rest[-1], 1, 4, 1, 1))
        initialise(self)

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        logits: Tensor = self.layers(torch.cat([lightness, ab], dim=1))
        return logits
