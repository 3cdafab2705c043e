"""The generator of every trial: an encoder that two tasks share, a colour decoder, and a classification head."""

from collections.abc import Collection
from dataclasses import dataclass

from torch import Tensor, nn

from models.config.section import Task
from models.networks.errors import NetworkError


@dataclass(frozen=True)
class Prediction:
    features: list[Tensor]
    """What the encoder gave: (B,C,h,w) each, finest first, the bottleneck last. Shared by the tasks."""
    ab: Tensor | None = None
    """(B,2,H,W) normalised, about −1 to 1; None without a decoder, or where nobody asked."""
    bins: Tensor | None = None
    """(B,Q,h,w) logits over ab bins, of which `ab` is the annealed mean; None where the decoder predicts ab itself."""
    logits: Tensor | None = None
    """(B,K) of the classes; None without a classification head."""


class Colorizer(nn.Module):
    """(B,1,H,W) lightness to a Prediction; H and W must be multiples of `stride`.

    encoder: gives its feature maps, finest first, the bottleneck last.
    decoder: takes that list; gives ab (B,2,H,W), or the logits of bins. None for a classifier alone.
    head: takes the list too; gives the logits of classes (B,K). None: no classification.
    bins_to_ab: where the decoder gives logits over bins (B,Q,h,w), what makes ab (B,2,H,W) of them.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module | None,
        head: nn.Module | None,
        stride: int,
        bins_to_ab: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.head, self.stride = encoder, decoder, head, stride
        self.bins_to_ab = bins_to_ab

    def forward(self, lightness: Tensor, detached: Collection[Task] = (), with_ab: bool = True) -> Prediction:
        """Predict every task; those in `detached` do not shape the encoder.

        with_ab: where the decoder predicts bins, their colours too, which take a while and not every loss looks at.

        Raises NetworkError where training leaves a batch norm a single value per channel, as torch then refuses to.
        """
        features = self._encode(lightness)
        apart = [feature.detach() for feature in features] if detached else features
        ab = bins = logits = None
        if self.decoder is not None:
            ab = self.decoder(apart if "colorization" in detached else features)
        if self.bins_to_ab is not None:
            ab, bins = self.bins_to_ab(ab) if with_ab else None, ab
        if self.head is not None:
            logits = self.head(apart if "classification" in detached else features)
        return Prediction(features, ab, bins, logits)

    @property
    def last_layer(self) -> Tensor:
        """The weight of the colour decoder's last convolution."""
        assert self.decoder is not None
        convolutions = [m for m in self.decoder.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        return convolutions[-1].weight

    def _encode(self, lightness: Tensor) -> list[Tensor]:
        try:
            features: list[Tensor] = self.encoder(lightness)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise NetworkError(
                f"{tuple(lightness.shape)} pixels leave a batch norm one value per channel to train on: "
                "raise data.batch_size, or use larger photos"
            ) from error
        return features
