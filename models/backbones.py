"""Which networks there are, by the name that a configuration gives."""

from collections.abc import Callable

from models.class_branch import ClassificationHead
from models.colorizer import Colorizer
from models.config import ModelConfig
from models.resnet_unet import ResNetEncoder, ResNetUNetDecoder
from models.resnet_unet import channels_of as resnet_channels
from models.unet import UNetDecoder, UNetEncoder
from models.unet import channels_of as unet_channels
from models.weights import load_state


def build_generator(config: ModelConfig, num_classes: int) -> Colorizer:
    """The generator of a configuration; `num_classes` 0: without a classification head."""
    return GENERATORS[config.backbone](config, num_classes)


def _unet(config: ModelConfig, num_classes: int) -> Colorizer:
    encoder = UNetEncoder(config.width, config.depth)
    decoder = UNetDecoder(config.width, config.depth, config.dropout)
    return Colorizer(encoder, decoder, _head(unet_channels(config.width, config.depth), num_classes), config.stride)


def _resnet_unet(config: ModelConfig, num_classes: int) -> Colorizer:
    assert config.backbone != "unet"
    encoder = ResNetEncoder(config.backbone, config.width)
    if config.pretrained:
        state = load_state(config.backbone, config.weights)
        encoder.load_state_dict({name: value for name, value in state.items() if not name.startswith("fc.")})
    decoder = ResNetUNetDecoder(config.width)
    return Colorizer(encoder, decoder, _head(resnet_channels(config.width), num_classes), config.stride)


def _head(channels: list[int], num_classes: int) -> ClassificationHead | None:
    return ClassificationHead(channels[-1], num_classes) if num_classes else None


GENERATORS: dict[str, Callable[[ModelConfig, int], Colorizer]] = {
    "unet": _unet,
    "resnet18": _resnet_unet,
    "resnet34": _resnet_unet,
}
