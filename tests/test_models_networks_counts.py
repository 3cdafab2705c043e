"""Parameter counts of the papers. On the meta device, where the largest network takes no memory."""

from typing import Any

import pytest
import torch
from small_networks import num_parameters, trial_config

from data.bins import gamut_bins
from models.networks.colorizer import Colorizer
from models.networks.eccv16 import Eccv16Decoder, Eccv16Encoder
from models.networks.generators import build_discriminator, build_generator


def full(model: dict[str, Any], num_classes: int = 0, **loss: Any) -> Colorizer:
    gamut_bins()  # kept for good, so not on the meta device
    with torch.device("meta"):
        return build_generator(trial_config(model, **loss), num_classes, side=256)


def test_unet_of_isola():
    generator = full({"backbone": "unet"})
    assert num_parameters(generator.encoder) == 19_536_128
    assert num_parameters(generator.decoder) == 34_874_242
    assert num_parameters(generator) == 54_410_370


def test_unet_with_norm_on_the_bottleneck_class_branch_and_fusion():
    variant = {"bottleneck_norm": True, "channel_dropout": True, "initialisation": "xavier"}
    assert num_parameters(full(variant)) == 54_410_882
    assert num_parameters(full({**variant, "head": "fusion"}, num_classes=205)) == 97_096_015


def test_unet_of_resnet18():
    generator = full({"backbone": "resnet18"})
    assert num_parameters(generator.encoder) == 11_176_512
    assert num_parameters(generator.decoder) == 3_544_066
    assert num_parameters(generator) == 14_720_578


def test_autoencoder_of_resnet18():
    # Transposed convolutions with bias, and batch norms: 512, 256, 128, 64, 32, 2.
    blocks = [16 * into * into // 2 + into // 2 + into for into in (512, 256, 128, 64)]
    assert num_parameters(full({"backbone": "resnet18", "skips": False}).decoder) == sum(blocks) + 16 * 32 * 2 + 2


@pytest.mark.parametrize(("head", "expected"), [("pooled", 518_005), ("flattened", 32_774_005)])
def test_heads_on_the_bottleneck_of_resnet18(head: str, expected: int):
    for losses in ({}, {"l1": 0.0, "adversarial": "none", "classification": 1.0}):
        generator = full({"backbone": "resnet18", "head": head}, num_classes=5, **losses)
        assert num_parameters(generator.head) == expected
        assert (generator.decoder is None) == bool(losses)


@pytest.mark.parametrize(("num_bins", "expected"), [(313, 32_235_385), (322, 32_237_698)])
def test_network_of_zhang_over_bins(num_bins: int, expected: int):
    with torch.device("meta"):
        assert num_parameters(Eccv16Encoder(1.0)) + num_parameters(Eccv16Decoder(1.0, num_bins)) == expected


def test_network_of_zhang_by_its_configuration():
    assert num_parameters(full({"backbone": "eccv16"}, bins=1.0)) == 32_235_385
    assert num_parameters(full({"backbone": "eccv16"}, l2=1.0)) == 32_235_385 - 311 * 257


@pytest.mark.parametrize(
    ("bias", "adversarial", "expected"),
    [(True, "bce", 2_765_633), (False, "bce", 2_765_569), (False, "wgan-gp", 2_763_777)],
)
def test_discriminators(bias: bool, adversarial: str, expected: int):
    config = trial_config({"discriminator_bias": bias}, adversarial=adversarial)
    assert num_parameters(build_discriminator(config)) == expected
