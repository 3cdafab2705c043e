"""Any torchvision network, made narrower or wider layer by layer."""

import math

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from models.networks.blocks import scaled

IMAGE_CHANNELS = 3


def rescale(network: nn.Module, width: float) -> None:
    """Change the channels of every layer in place, each from its own count; values of its weights start anew.

    The result may not run: where a network joins maps channel by channel, sums of scaled counts need not fit.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            _rescale_convolution(layer, width)
        elif isinstance(layer, nn.Linear):
            layer.in_features, layer.out_features = scaled(layer.in_features, width), scaled(layer.out_features, width)
            _renew(layer, weight=(layer.out_features, layer.in_features), bias=(layer.out_features,))
        elif isinstance(layer, _BatchNorm):
            layer.num_features = scaled(layer.num_features, width)
            shape = (layer.num_features,)
            _renew(layer, weight=shape, bias=shape, running_mean=shape, running_var=shape)
        elif isinstance(layer, nn.LayerNorm):
            layer.normalized_shape = tuple(scaled(count, width) for count in layer.normalized_shape)
            _renew(layer, weight=layer.normalized_shape, bias=layer.normalized_shape)
        else:
            _rescale_factors(layer, width)


def _rescale_convolution(layer: nn.Conv2d, width: float) -> None:
    """Groups keep their width as far as it divides the channels, so that depthwise stays depthwise."""
    group = layer.in_channels // layer.groups
    if layer.in_channels != IMAGE_CHANNELS:
        layer.in_channels = scaled(layer.in_channels, width)
    layer.out_channels = scaled(layer.out_channels, width)
    group = layer.in_channels if layer.groups == 1 else math.gcd(group, layer.in_channels)
    layer.groups = layer.in_channels // group
    _renew(layer, weight=(layer.out_channels, group, *layer.kernel_size), bias=(layer.out_channels,))


def _rescale_factors(module: nn.Module, width: float) -> None:
    """Factors of one channel each, such as ConvNeXt's layer_scale; they all start from one value."""
    for name, factor in list(module.named_parameters(recurse=False)):
        if factor.numel() == max(factor.shape, default=0):
            shape = [scaled(count, width) if count > 1 else 1 for count in factor.shape]
            setattr(module, name, nn.Parameter(factor.detach().flatten()[0].expand(shape).clone()))


def _renew(layer: nn.Conv2d | nn.Linear | _BatchNorm | nn.LayerNorm, **shapes: tuple[int, ...]) -> None:
    """Give a layer's tensors other shapes and the values that the layer starts from."""
    for name, shape in shapes.items():
        old: Tensor | None = getattr(layer, name)
        if old is not None:
            new = old.detach().new_empty(shape)
            setattr(layer, name, nn.Parameter(new) if isinstance(old, nn.Parameter) else new)
    layer.reset_parameters()
