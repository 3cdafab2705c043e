"""What single layers compute, where they start, and what they refuse."""

import math

import pytest
import torch
from small_networks import small, trial_config
from torch import nn

from data.bins import gamut_bins
from data.colour import AB_SCALES
from models.networks.decoders import SkipDecoder
from models.networks.eccv16 import AnnealedMean
from models.networks.errors import NetworkError
from models.networks.generators import build_discriminator
from models.networks.initialisation import initialise
from models.networks.patchgan import PatchGAN


def test_a_patch_of_the_discriminator_is_30_by_30_and_sees_70_pixels():
    critic = PatchGAN(1.0, normalised=False)
    image = torch.randn(1, 3, 256, 256, requires_grad=True)
    logits = critic(image[:, :1], image[:, 1:])
    assert logits.shape == (1, 1, 30, 30)
    logits[0, 0, 15, 15].backward()
    assert image.grad is not None
    touched = image.grad.abs().sum(dim=(0, 1)) > 0  # (256,256)
    assert touched.any(dim=0).sum() == 70
    assert touched.any(dim=1).sum() == 70


def test_a_critic_without_norm_treats_each_sample_alone():
    critic = build_discriminator(trial_config({"width": 0.25}, adversarial="wgan-gp"))
    images = torch.randn(4, 3, 64, 64)
    together = critic(images[:, :1], images[:, 1:])
    alone = torch.cat([critic(image[None, :1], image[None, 1:]) for image in images])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("kind", "spread"),
    [("normal", 0.02), ("xavier", math.sqrt(2 / (9 * 64 + 9 * 64))), ("kaiming", math.sqrt(2 / (9 * 64)))],
)
def test_initialisations_have_their_spread(kind: str, spread: float):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64))
    initialise(layers, kind)
    assert layers[0].weight.std().item() == pytest.approx(spread, rel=0.02)
    assert layers[0].bias.abs().max() == 0
    assert layers[1].weight.mean().item() == pytest.approx(1, abs=0.01)
    assert layers[1].weight.std().item() == pytest.approx(0.02 if kind == "normal" else 0, rel=0.3)


def test_the_annealed_mean_of_a_sure_network_is_the_bins_colour():
    bins, scale = gamut_bins(), AB_SCALES["ab128"]
    chosen = int(((bins.centres - torch.tensor([50.0, -60.0])) ** 2).sum(1).argmin())
    logits = torch.zeros(1, bins.num_bins, 2, 3)
    logits[:, chosen] = 100
    ab = AnnealedMean(bins, temperature=0.38, scale=scale)(logits)
    expected = torch.tensor([50 / 127, -60 / 128]).view(1, 2, 1, 1).expand(1, 2, 8, 12)
    torch.testing.assert_close(ab, expected)


def test_bins_and_ab_of_a_prediction_belong_together():
    generator = small({"backbone": "eccv16"}, bins=1.0).eval()
    prediction = generator(torch.randn(2, 1, 64, 32))
    assert prediction.bins.shape == (2, 313, 16, 8)
    shares = torch.softmax(prediction.bins / 0.38, dim=1)
    mean = torch.einsum("bqhw,qc->bchw", shares, gamut_bins().centres) / 110
    expected = nn.functional.interpolate(mean, size=(64, 32), mode="bilinear")
    torch.testing.assert_close(prediction.ab, expected, rtol=1e-4, atol=1e-5)


def test_a_decoder_goes_through_where_a_map_is_missing():
    decoder = SkipDecoder({4: 16, 8: 32}, dropout=0.0, whole_channels=False)
    features = [torch.randn(2, 16, 8, 8), torch.randn(2, 32, 4, 4)]
    assert decoder.joins == [True, False]
    assert decoder(features).shape == (2, 2, 32, 32)


@pytest.mark.parametrize("side", [64, 128])
def test_fusion_spreads_its_vector_over_the_bottleneck(side: int):
    generator = small({"head": "fusion"}, side=side)
    prediction = generator(torch.randn(2, 1, side, side))
    assert [feature.shape[2] for feature in prediction.features] == [
        *(side // stride for stride in (2, 4, 8, 16, 32)),
        side // 64,
        side // 64,
    ]
    assert prediction.ab.shape == (2, 2, side, side)


def test_a_single_photo_trains_wherever_torch_lets_it():
    for model, side in (({}, 64), ({"bottleneck_norm": True}, 128), ({"backbone": "resnet18"}, 64)):
        small(model, side=side).train()(torch.randn(1, 1, side, side)).ab.sum().backward()


@pytest.mark.parametrize(("model", "side"), [({"bottleneck_norm": True}, 64), ({"backbone": "resnet18"}, 32)])
def test_a_batch_norm_over_one_value_is_refused_in_one_line(model: dict[str, object], side: int):
    generator = small(model, side=side)
    with pytest.raises(NetworkError, match=r"one value per channel to train on: raise data\.batch_size"):
        generator(torch.randn(1, 1, side, side))
    assert generator.eval()(torch.randn(1, 1, side, side)).ab.isfinite().all()


@pytest.mark.parametrize("model", [{"backbone": "resnet18", "head": "flattened"}, {"head": "fusion"}])
def test_a_head_for_one_size_names_the_size(model: dict[str, object]):
    with pytest.raises(
        NetworkError, match=r"was built for other images: it takes \d+ values a photo, and these give \d+; use"
    ):
        small(model)(torch.randn(2, 1, 128, 128))
