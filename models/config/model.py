"""The networks of a trial."""

from typing import Literal, Self

from pydantic import Field, model_validator

from models.config.classifiers import OWN_BACKBONES, Backbone
from models.config.section import Section, WeightsFile


class ModelConfig(Section):
    backbone: Backbone = "unet"
    """unet (Isola et al. 2017), eccv16 (Zhang et al. 2016), or a torchvision classifier by name as the encoder."""
    width: float = Field(1.0, gt=0, le=4)
    """Factor on the number of channels of every network of the trial."""
    depth: int = Field(8, ge=3, le=10)
    """Halvings of the image side in the U-Net's encoder. Every other backbone has its own."""
    skips: bool = True
    """Join the encoder's feature maps to the decoder's, as a U-Net does. False: an autoencoder."""
    head: Literal["pooled", "flattened", "fusion"] = "pooled"
    """Classification head: on the bottleneck, pooled or flattened; or a branch from the U-Net's third block, whose
    features are also fused into the bottleneck (Iizuka et al. 2016; seed of the `*-class` presets)."""
    bottleneck_norm: bool = False
    """Batch norm on the U-Net's bottleneck too. Where that is 1×1 it needs more than one photo a batch."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Dropout of the decoder's innermost blocks (Isola et al. 2017)."""
    channel_dropout: bool = False
    """Drop whole channels instead of single values."""
    initialisation: Literal["normal", "xavier", "kaiming"] = "normal"
    """Of every layer that does not start from pretrained weights: N(0, 0.02), Xavier uniform, or Kaiming normal."""
    pretrained: bool = False
    """Start a torchvision encoder from its ImageNet weights."""
    weights: WeightsFile | None = None
    """File of these weights. None: wherever they are found, see weights.py."""
    temperature: float = Field(0.38, gt=0, le=1)
    """Of the annealed mean, by which a distribution over ab bins becomes one colour."""
    discriminator_bias: bool = True
    """Bias in the discriminator's first convolution."""

    @property
    def from_torchvision(self) -> bool:
        return self.backbone not in OWN_BACKBONES

    @property
    def stride(self) -> int:
        """Factor from an image's side to the bottleneck's: sides must be multiples of it."""
        if self.backbone == "unet":
            return 1 << self.depth
        return 8 if self.backbone == "eccv16" else 32

    @model_validator(mode="after")
    def _pretrained_exists(self) -> Self:
        if self.pretrained and (not self.from_torchvision or self.width != 1):
            raise ValueError(
                "pretrained weights exist for a torchvision backbone of width 1 only: set pretrained to false"
            )
        return self

    @model_validator(mode="after")
    def _fusion_is_the_unets(self) -> Self:
        if self.head == "fusion" and (self.backbone != "unet" or self.depth < 6):
            raise ValueError(
                "head is fusion, which branches off a unet of depth 6 or more: set head to pooled or flattened"
            )
        return self

    @model_validator(mode="after")
    def _eccv16_has_no_skips(self) -> Self:
        if self.backbone == "eccv16" and not self.skips:
            raise ValueError("skips is false, but eccv16 has none to leave out: remove skips")
        return self
