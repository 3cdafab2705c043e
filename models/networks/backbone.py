"""Any torchvision classification network as an encoder; the maps that a decoder joins are found by running it.

Parameters keep torchvision's names, so its weights load at width 1. With ResNet-18: 11,176,512 parameters, and maps
from relu, layer1, layer2, layer3 and layer4.
"""

import copy
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torchvision.models import get_model
from torchvision.models.feature_extraction import create_feature_extractor

from models.networks.errors import NetworkError
from models.networks.outline import outline
from models.networks.width import rescale
from models.weights import WeightsError, load_state

STRIDES = (2, 4, 8, 16, 32)
# Not square, and larger than any pooling to a fixed size leaves: a map with these sides over a stride is one of ours.
_PROBE = (1, 3, 256, 320)


class BackboneEncoder(nn.Module):
    """(B,1,H,W) to the network's maps of strides 2 to 32, finest first, as far as it has them.

    skips: give all maps; otherwise the last one alone.
    Raises NetworkError for a network without such maps, or one that cannot have this width.
    """

    def __init__(self, backbone: str, width: float, skips: bool) -> None:
        super().__init__()
        names = map_names(backbone)
        if not skips:
            names = names[-1:]
        network: nn.Module = get_model(backbone, weights=None)
        if width != 1:
            rescale(network, width)
        self.maps = _traced(network, names)
        try:
            probed = _probe(self.maps)
        except Exception as error:  # torch raises whatever the first layer that does not fit leads to
            if width == 1:
                raise
            raise NetworkError(f"{backbone} cannot have a width of {width:g}: set model.width to 1") from error
        self.channels = {_PROBE[2] // feature.shape[2]: feature.shape[1] for feature in probed}
        """Channels of the maps by their stride."""

    def forward(self, lightness: Tensor) -> list[Tensor]:
        # The three equal channels let the network start from weights that were trained on photos.
        return list(self.maps(lightness.expand(-1, 3, -1, -1)).values())


@cache
def map_names(backbone: str) -> tuple[str, ...]:
    """The modules that give the last map of each stride, finest first. Costs no real arithmetic.

    Where a block halves the side, what it computes before it does is not a map: it is the block's own affair.
    Raises NetworkError if there is no map of stride 32.
    """
    network = outline(backbone)
    given: dict[str, tuple[int, int]] = {}
    hooks = [module.register_forward_hook(partial(_note, given, name)) for name, module in network.named_modules()]
    # Networks for one size alone fail in their own ways, and then lack a map.
    with suppress(Exception):
        network(torch.empty(_PROBE, device="meta"))
    for hook in hooks:
        hook.remove()
    halving = [name for name, (before, after) in given.items() if before != after and before in STRIDES]
    found: dict[int, str] = {}
    for name, (_, stride) in given.items():
        inner = any(name.startswith(f"{block}.") and given[block][0] == stride for block in halving)
        if stride in STRIDES and not inner:
            found[stride] = name
    if max(STRIDES) not in found:
        raise NetworkError(
            f"{backbone} gives no feature map of 1/{max(STRIDES)} of the image's side to colorize from: "
            "set model.backbone to a convolutional network such as resnet18"
        )
    return tuple(found[stride] for stride in sorted(found))


def load_pretrained(encoder: BackboneEncoder, backbone: str, path: Path | None) -> None:
    """Fill an encoder of width 1 with ImageNet weights; what they hold of the layers left out is ignored.

    Raises WeightsError if they are nowhere to be found, or are another network's.
    """
    state = load_state(backbone, path)
    wanted = encoder.maps.state_dict()
    whole = outline(backbone).state_dict()
    # Files older than torch 0.4.1 have no counters, which nothing reads here.
    missing = [
        name
        for name, value in wanted.items()
        if not name.endswith("num_batches_tracked") and (name not in state or state[name].shape != value.shape)
    ]
    strange = [name for name in state if name not in whole]
    if missing or strange:
        where = f"{path} is" if path is not None else "the weights found are"
        fault = f"{missing[0]} is missing or has another shape" if missing else f"{strange[0]} is none of its layers"
        raise WeightsError(f"{where} not those of {backbone}: {fault}; set model.weights to a file of torchvision's")
    encoder.maps.load_state_dict({name: state.get(name, value) for name, value in wanted.items()})


def _note(
    given: dict[str, tuple[int, int]], name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any
) -> None:
    """Keep the strides before and after a module, in the order in which modules end."""
    given.pop(name, None)
    given[name] = (_stride(inputs[0]), _stride(output))


def _stride(feature: Any) -> int:
    """The stride of a map (B,C,h,w) of the probe; 0: it is none."""
    if not isinstance(feature, Tensor):
        return 0
    for stride in (1, *STRIDES):
        if feature.shape[2:] == (_PROBE[2] // stride, _PROBE[3] // stride):
            return stride
    return 0


def _traced(network: nn.Module, names: Sequence[str]) -> fx.GraphModule:
    """The part of a network that leads to its maps, as a module that gives them by name."""
    extractor = create_feature_extractor(network, list(names), suppress_diff_warning=True)
    same = _steps(extractor.train_graph) == _steps(extractor.eval_graph)
    # Swapping two graphs, as torchvision's module does, would compile them anew at every change of mode.
    maps: fx.GraphModule = fx.GraphModule(extractor, extractor.train_graph) if same else extractor
    return maps


def _steps(graph: fx.Graph) -> list[tuple[Any, ...]]:
    """What a graph does, whatever it calls the results."""
    return [(node.op, node.target, node.kwargs.get("training")) for node in graph.nodes]


def _probe(maps: fx.GraphModule) -> list[Tensor]:
    without_values = copy.deepcopy(maps).to("meta").eval()
    return list(without_values(torch.empty(_PROBE, device="meta")).values())
