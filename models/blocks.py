"""What the networks have in common: channel counts under a width factor, the upsampling block, the initialisation."""

from torch import Tensor, nn


def scaled(channels: int, width: float) -> int:
    """Number of channels under a width factor, a multiple of 8 that is never 0."""
    return max(8, 8 * round(channels * width / 8))


class UpBlock(nn.Sequential):
    """(B, in, H, W) to (B, out, 2H, 2W): transposed convolution, batch norm, dropout."""

    def __init__(self, in_channels: int, out_channels: int, dropout: float = 0.0) -> None:
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        super().__init__(*layers, *([nn.Dropout(dropout)] if dropout else []))


def output_block(in_channels: int) -> nn.Sequential:
    """(B, in, H, W) to the ab planes (B, 2, 2H, 2W), −1 to 1."""
    return nn.Sequential(nn.ConvTranspose2d(in_channels, 2, 4, 2, 1), nn.Tanh())


def initialise(module: nn.Module) -> None:
    """Gaussian N(0, 0.02) on convolutions, N(1, 0.02) on batch norms, zero biases (Isola et al. 2017, section 6.2)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            _zero(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            _zero(layer.bias)


def _zero(bias: Tensor | None) -> None:
    if bias is not None:
        nn.init.zeros_(bias)
