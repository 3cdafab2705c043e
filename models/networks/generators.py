"""The networks of a trial, put together as its configuration says."""

from collections.abc import Mapping

from torch import nn

from data.bins import gamut_bins
from data.colour import AB_SCALES
from models.config.model import ModelConfig
from models.config.trial import TrialConfig
from models.networks.backbone import BackboneEncoder, load_pretrained
from models.networks.colorizer import Colorizer
from models.networks.decoders import PlainDecoder, SkipDecoder
from models.networks.eccv16 import AnnealedMean, Eccv16Decoder, Eccv16Encoder
from models.networks.fusion import BranchHead, ClassBranch, FusedDecoder, fused_channels
from models.networks.heads import FlattenedHead, PooledHead
from models.networks.initialisation import initialise
from models.networks.patchgan import PatchGAN
from models.networks.unet import UNetEncoder

Encoder = UNetEncoder | Eccv16Encoder | BackboneEncoder


def build_generator(config: TrialConfig, num_classes: int, side: int) -> Colorizer:
    """The generator of a trial. num_classes 0: without a classification head. side: of its photos, in pixels.

    Raises NetworkError for a network that cannot be, WeightsError for pretrained weights that are not there.
    """
    model = config.model
    colorizes = "colorization" in config.tasks
    fused = num_classes > 0 and model.head == "fusion"
    encoder = _encoder(model, skips=model.skips and colorizes, fused=fused)
    decoder = _decoder(config, encoder.channels, fused, side) if colorizes else None
    head = _head(model, encoder.channels, num_classes, side) if num_classes else None
    for part in (encoder, decoder, head):
        if part is not None:
            initialise(part, model.initialisation)
    if isinstance(encoder, BackboneEncoder) and model.pretrained:
        load_pretrained(encoder, model.backbone, model.weights)
    return Colorizer(encoder, decoder, head, model.stride, _bins_to_ab(config))


def build_discriminator(config: TrialConfig) -> PatchGAN:
    """The discriminator of a trial; a WGAN-GP critic has no batch norm."""
    model = config.model
    discriminator = PatchGAN(model.width, config.loss.adversarial != "wgan-gp", model.discriminator_bias)
    initialise(discriminator, model.initialisation)
    return discriminator


def _encoder(model: ModelConfig, skips: bool, fused: bool) -> Encoder:
    if model.backbone == "unet":
        branch = ClassBranch(model.width) if fused else None
        return UNetEncoder(model.width, model.depth, skips, model.bottleneck_norm, branch)
    if model.backbone == "eccv16":
        return Eccv16Encoder(model.width)
    return BackboneEncoder(model.backbone, model.width, skips)


def _decoder(config: TrialConfig, channels: Mapping[int, int], fused: bool, side: int) -> nn.Module:
    """channels: of the encoder's maps, by their stride."""
    model = config.model
    if model.backbone == "eccv16":
        return Eccv16Decoder(model.width, gamut_bins().num_bins if config.loss.bins else 0)
    if fused:
        channels = {**channels, model.stride: channels[model.stride] + fused_channels(model.width)}
    kind = SkipDecoder if model.skips else PlainDecoder
    decoder = kind(channels, model.dropout, model.channel_dropout)
    return FusedDecoder(decoder, model.width, side) if fused else decoder


def _head(model: ModelConfig, channels: Mapping[int, int], num_classes: int, side: int) -> nn.Module:
    bottleneck = channels[model.stride]
    if model.head == "fusion":
        return BranchHead(model.width, side, num_classes)
    if model.head == "flattened":
        return FlattenedHead(bottleneck, side // model.stride, num_classes)
    return PooledHead(bottleneck, num_classes)


def _bins_to_ab(config: TrialConfig) -> AnnealedMean | None:
    if not config.loss.bins:
        return None
    return AnnealedMean(gamut_bins(), config.model.temperature, AB_SCALES[config.data.normalisation])
