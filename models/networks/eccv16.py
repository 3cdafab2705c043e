"""The network of "Colorful Image Colorization" (Zhang, Isola and Efros 2016), which predicts bins of colour.

32,235,385 parameters at width 1 for 313 bins. Convolutions are followed by ReLU, and each block ends in batch norm.
"""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from data.bins import AbBins
from data.colour import AbScale
from models.networks.blocks import scaled

STRIDE = 8
OUTPUT_STRIDE = 4
# Of each block: channels, number of convolutions, stride of the last one, dilation.
_BLOCKS = (
    (64, 2, 2, 1),
    (128, 2, 2, 1),
    (256, 3, 2, 1),
    (512, 3, 1, 1),
    (512, 3, 1, 2),
    (512, 3, 1, 2),
    (512, 3, 1, 1),
)


class Eccv16Encoder(nn.Module):
    """(B,1,H,W) to one map (B,512,H/8,W/8)."""

    def __init__(self, width: float) -> None:
        super().__init__()
        current = 1
        layers: list[nn.Module] = []
        for channels, num_convolutions, stride, dilation in _BLOCKS:
            out = scaled(channels, width)
            for number in range(num_convolutions):
                step = stride if number == num_convolutions - 1 else 1
                layers += [nn.Conv2d(current, out, 3, step, dilation, dilation), nn.ReLU()]
                current = out
            layers.append(nn.BatchNorm2d(out))
        self.layers = nn.Sequential(*layers)
        self.channels = {STRIDE: current}
        """Channels of the map by its stride."""

    def forward(self, lightness: Tensor) -> list[Tensor]:
        return [self.layers(lightness)]


class Eccv16Decoder(nn.Module):
    """The map to logits over bins (B,Q,H/4,W/4); without bins, to ab (B,2,H,W) from −1 to 1."""

    def __init__(self, width: float, num_bins: int) -> None:
        super().__init__()
        into, out = scaled(512, width), scaled(256, width)
        layers: list[nn.Module] = [nn.ConvTranspose2d(into, out, 4, 2, 1), nn.ReLU()]
        for _ in range(2):
            layers += [nn.Conv2d(out, out, 3, 1, 1), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(out, num_bins or 2, 1))
        self.num_bins = num_bins

    def forward(self, features: list[Tensor]) -> Tensor:
        output: Tensor = self.layers(features[-1])
        return output if self.num_bins else _enlarged(output.tanh())


class AnnealedMean(nn.Module):
    """Logits over bins (B,Q,H/4,W/4) to normalised ab (B,2,H,W), float32: the mean of the sharpened distribution."""

    def __init__(self, bins: AbBins, temperature: float, scale: AbScale) -> None:
        super().__init__()
        self.bins, self.temperature, self.scale = bins, temperature, scale

    def forward(self, logits: Tensor) -> Tensor:
        if self.bins.centres.device != logits.device:
            self.bins = self.bins.to(logits.device)
        return _enlarged(self.scale.normalise(self.bins.annealed_mean(logits, self.temperature)))


def _enlarged(ab: Tensor) -> Tensor:
    return F.interpolate(ab, scale_factor=OUTPUT_STRIDE, mode="bilinear", align_corners=False)
