"""Names of torchvision's classification networks, as backbones, teachers and judges."""

import difflib
from typing import Annotated

from pydantic import AfterValidator

COMMON = ("resnet18", "resnet34", "resnet50", "convnext_tiny", "efficientnet_b0", "mobilenet_v2", "vgg16", "alexnet")
"""Known to be torchvision's without importing it, which takes seconds."""
OWN_BACKBONES = ("unet", "eccv16")


def _known_classifier(name: str) -> str:
    if name in COMMON:
        return name
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        raise ValueError(f"torchvision has no such classifier{_hint(name, known)}; common: {', '.join(COMMON)}")
    return name


def _known_backbone(name: str) -> str:
    if name in OWN_BACKBONES or name in COMMON:
        return name
    try:
        return _known_classifier(name)
    except ValueError as error:
        raise ValueError(f"unknown backbone: neither {' nor '.join(OWN_BACKBONES)}, and {error}") from None


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


Classifier = Annotated[str, AfterValidator(_known_classifier)]
Backbone = Annotated[str, AfterValidator(_known_backbone)]
