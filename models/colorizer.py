"""The generator of every trial: an encoder that two tasks share, a colour decoder, and a classification head."""

from collections.abc import Collection
from dataclasses import dataclass

from torch import Tensor, nn

from models.config import Task


@dataclass(frozen=True)
class Prediction:
    ab: Tensor  # (B,2,H,W), −1 to 1
    logits: Tensor | None  # (B,K); None without a classification head


class Colorizer(nn.Module):
    """(B,1,H,W) lightness to ab and class logits.

    `encoder` yields its feature maps, finest first, the bottleneck last; `decoder` takes that list.
    `stride`: the factor from the image's side to the bottleneck's; H and W must be multiples of it.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, head: nn.Module | None, stride: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.head, self.stride = encoder, decoder, head, stride

    def forward(self, lightness: Tensor, detached: Collection[Task] = ()) -> Prediction:
        """Predict both tasks; those in `detached` do not shape the encoder."""
        features: list[Tensor] = self.encoder(lightness)
        own = [feature.detach() for feature in features] if "colorization" in detached else features
        ab = self.decoder(own)  # (B,2,H,W)
        if self.head is None:
            return Prediction(ab, None)
        bottleneck = features[-1].detach() if "classification" in detached else features[-1]
        return Prediction(ab, self.head(bottleneck))

    def layers_of(self, task: Task) -> nn.Module | None:
        """The layers that only this task uses."""
        return self.decoder if task == "colorization" else self.head
