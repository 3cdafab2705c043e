"""Which trial of a sweep takes the most memory, found without training any."""

import json
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from data.manifest import Manifest
from models.config.trial import TrialConfig
from models.fit import image_side, training_side
from models.networks.generators import build_discriminator, build_generator
from models.objectives.lpips import Lpips
from models.objectives.perceptual import VggDistance
from models.training.state import num_logits
from search.spec.sweep_spec import SweepSpec
from search.worker.estimate import choices_in_words

_ADAM_COPIES = 4
"""Of each weight: its value, its gradient and the two moments of Adam."""
_PERCEPTUAL: dict[str, Callable[[], nn.Module]] = {"vgg16": VggDistance, "lpips": lambda: Lpips("vgg")}


def largest_trial(spec: SweepSpec, manifests: Mapping[str, Manifest]) -> tuple[str, TrialConfig]:
    """Of the corners of the space the one whose training holds the most bytes, after its choices in words.

    Where several are alike, the first. Numbers count at both ends of their ranges, as in all corners.
    """
    sizes: dict[str, int] = {}
    found: tuple[int, str, TrialConfig] | None = None
    for corner, config in zip(spec.parsed_space.corners(), spec.corner_configs, strict=True):
        key = _kind(config)
        if key not in sizes:
            sizes[key] = training_bytes(config, manifests)
            if found is None or sizes[key] > found[0]:
                found = sizes[key], choices_in_words(corner, spec.parsed_space), config
    assert found is not None
    return found[1:]


def training_bytes(config: TrialConfig, manifests: Mapping[str, Manifest]) -> int:
    """Estimate of what a step holds: weights with what Adam keeps of each, and all that autograd keeps for the backward
    pass of one part of a batch, by a forward pass without arithmetic.

    Kernels' scratch space and the evaluation are left out: good for comparing trials, not for saying what one takes.
    """
    side, count = training_side(config, manifests["train"]), -(-config.data.batch_size // config.compute.accumulation)
    classes = num_logits(config, len(manifests["train"].classes))
    generator = _outlined(lambda: build_generator(_unfilled(config), classes, image_side(config, manifests["val"])))
    lightness = torch.empty(count, 1, side, side, device="meta")
    kept = _kept_bytes(lambda: generator(lightness, with_ab=False))
    weights = _weight_bytes(generator) * (_ADAM_COPIES + (config.optimizer.ema_decay is not None))
    if config.loss.adversarial != "none":
        discriminator, ab = _outlined(lambda: build_discriminator(config)), lightness.expand(-1, 2, -1, -1)
        # Real and generated; a gradient penalty adds a pass in between, and the graph of its gradient.
        passes = 4 if config.loss.adversarial == "wgan-gp" else 2
        kept += passes * _kept_bytes(lambda: discriminator(lightness, ab))
        weights += _weight_bytes(discriminator) * _ADAM_COPIES
    kept //= 2 if config.compute.precision == "bf16" else 1
    if config.loss.perceptual:
        distance = _outlined(_PERCEPTUAL[config.loss.perceptual_network])
        photos = torch.empty(count, 3, side, side, device="meta", requires_grad=True)
        kept += _kept_bytes(lambda: distance(photos, photos.detach()))
    return weights + kept


def _kind(config: TrialConfig) -> str:
    """All that decides on the size, as text."""
    data = config.data.model_dump(include={"batch_size", "image_size", "crop"})
    loss = [config.loss.adversarial, bool(config.loss.perceptual), config.loss.perceptual_network, config.tasks]
    compute = [config.compute.accumulation, config.compute.precision, config.optimizer.ema_decay is not None]
    return json.dumps([config.model.model_dump(mode="json"), data, loss, bool(config.loss.bins), compute])


def _unfilled(config: TrialConfig) -> TrialConfig:
    """The same networks without pretrained weights, which need not be here."""
    return config.model_copy(update={"model": config.model.model_copy(update={"pretrained": False})})


def _outlined(build: Callable[[], nn.Module]) -> nn.Module:
    """A network that has shapes and no values. Built with values, as some compute their shapes with tensors."""
    with torch.random.fork_rng(devices=[]):
        return build().to("meta")


def _weight_bytes(network: nn.Module) -> int:
    return sum(weight.numel() * weight.element_size() for weight in network.parameters())


def _kept_bytes(forward: Callable[[], object]) -> int:
    """Of the tensors that autograd keeps in a forward pass, each storage once."""
    kept: dict[int, tuple[int, Tensor]] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage.nbytes(), tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        forward()
    return sum(num_bytes for num_bytes, tensor in kept.values() if not isinstance(tensor, nn.Parameter))
