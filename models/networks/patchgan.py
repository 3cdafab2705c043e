"""PatchGAN discriminator (Isola et al. 2017): each output sees 70×70 pixels; 2,765,633 parameters at width 1."""

import torch
from torch import Tensor, nn

from models.networks.blocks import scaled
from models.networks.unet import SLOPE


class PatchGAN(nn.Module):
    """Lightness (B,1,H,W) and ab (B,2,H,W) to one logit a patch, (B,1,30,30) for H = W = 256.

    normalised: batch norm in the middle layers. A WGAN-GP critic must have none, because the penalty is on the
    gradient of each sample alone (Gulrajani et al. 2017, section 4).
    bias: in the first convolution.
    """

    def __init__(self, width: float, normalised: bool, bias: bool = True) -> None:
        super().__init__()
        channels = [scaled(count, width) for count in (64, 128, 256, 512)]
        layers: list[nn.Module] = [nn.Conv2d(3, channels[0], 4, 2, 1, bias=bias), nn.LeakyReLU(SLOPE)]
        for into, out, stride in zip(channels[:-1], channels[1:], (2, 2, 1), strict=True):
            norm = [nn.BatchNorm2d(out)] if normalised else []
            layers += [nn.Conv2d(into, out, 4, stride, 1, bias=False), *norm, nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, 1, 1))

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        logits: Tensor = self.layers(torch.cat([lightness, ab], dim=1))
        return logits
