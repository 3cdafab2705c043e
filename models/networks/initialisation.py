"""Where the weights of layers start that are not pretrained."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import Tensor, nn

Initialisation = Literal["normal", "xavier", "kaiming"]

_GAUSSIAN = 0.02
_INITIALISERS: dict[Initialisation, Callable[[Tensor], Tensor]] = {
    "normal": partial(nn.init.normal_, mean=0.0, std=_GAUSSIAN),
    "xavier": nn.init.xavier_uniform_,
    "kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}


def initialise(module: nn.Module, kind: Initialisation) -> None:
    """Set every convolution, linear layer and batch norm in `module`; all biases become zero.

    normal: N(0, 0.02), batch norms N(1, 0.02) (Isola et al. 2017, section 6.2). xavier: uniform (Glorot and Bengio
    2010). kaiming: normal over the inputs (He et al. 2015). Batch norms of the last two start from ones.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            _INITIALISERS[kind](layer.weight)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
            if kind == "normal":
                nn.init.normal_(layer.weight, 1.0, _GAUSSIAN)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
