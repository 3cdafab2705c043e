"""What the networks have in common: channel counts under a width factor, the dropout, the flattening of maps."""

from torch import Tensor, nn

from models.networks.errors import NetworkError

MIN_CHANNELS = 8


def scaled(channels: int, width: float) -> int:
    """Number of channels under a width factor, a multiple of 8 that is never 0."""
    return max(MIN_CHANNELS, 8 * round(channels * width / 8))


def dropout_layers(share: float, whole_channels: bool) -> list[nn.Module]:
    """One dropout layer, or none for a share of 0."""
    if not share:
        return []
    return [nn.Dropout2d(share) if whole_channels else nn.Dropout(share)]


class FlattenExactly(nn.Module):
    """(B,C,h,w) to (B,size), for fully connected layers, which take maps of one size only."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, feature: Tensor) -> Tensor:
        flat = feature.flatten(1)  # (B,Chw)
        if flat.shape[1] != self.size:
            raise NetworkError(
                f"this classification head was built for other images: it takes {self.size} values a photo, "
                f"and these give {flat.shape[1]}; use images of the size trained on, or train with model.head pooled"
            )
        return flat
