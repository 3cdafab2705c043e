"""Validation metrics against independent computations."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from memory_batches import MemoryBatches
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor, nn

from data.batch import Batch
from data.colour import AB_SCALES, to_rgb
from models.colorizer import Colorizer
from models.validation import Validation

CPU = torch.device("cpu")


class Halving(nn.Module):
    """An encoder that passes the lightness on."""

    def forward(self, lightness: Tensor) -> list[Tensor]:
        return [lightness]


class ConstantColour(nn.Module):
    def forward(self, features: list[Tensor]) -> Tensor:
        return torch.full_like(features[-1], 0.25).expand(-1, 2, -1, -1)


class AlwaysClassOne(nn.Module):
    def forward(self, bottleneck: Tensor) -> Tensor:
        return torch.tensor([0.0, 1.0, 0.0]).expand(len(bottleneck), -1)


def test_metrics_are_those_of_independent_computations():
    batches = MemoryBatches(num_batches=3)
    generator = Colorizer(Halving(), ConstantColour(), AlwaysClassOne(), stride=1)
    metrics = Validation(batches, num_classes=3, fid=None, device=CPU)(generator)
    seen = list(batches.epoch(0))
    lightness, ab = torch.cat([b.lightness for b in seen]), torch.cat([b.ab for b in seen])
    label = torch.cat([b.label for b in seen])
    scale = seen[0].scale
    fake = to_rgb(lightness, torch.full_like(ab, 0.25), scale).numpy()
    real = to_rgb(lightness, ab, scale).numpy()
    psnr = np.mean([peak_signal_noise_ratio(r, f, data_range=1.0) for r, f in zip(real, fake, strict=True)])
    assert metrics["l1"] == pytest.approx((ab - 0.25).abs().mean().item(), rel=1e-5)
    assert metrics["accuracy"] == pytest.approx((label == 1).float().mean().item())
    assert metrics["psnr"] == pytest.approx(psnr, rel=1e-4)
    assert set(metrics) == {"l1", "accuracy", "psnr", "ssim"}


def test_the_truth_itself_is_perfect():
    class Truth(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.answers = iter([batch.ab for batch in MemoryBatches().epoch(0)])

        def forward(self, features: list[Tensor]) -> Tensor:
            return next(self.answers)

    metrics = Validation(MemoryBatches(), 3, None, CPU)(Colorizer(Halving(), Truth(), None, stride=1))
    assert metrics["l1"] == 0
    assert metrics["ssim"] == pytest.approx(1)
    assert "accuracy" not in metrics


def test_l1_compares_whatever_the_normalisation():
    """A constant 0.25 of ab128 is another colour than 0.25 of ab110; the error is in units of 110 for both."""
    scale = AB_SCALES["ab128"]
    batches = MemoryBatches()
    batch = next(iter(batches.epoch(0)))
    rescaled = [replace(batch, ab=scale.normalise(AB_SCALES["ab110"].denormalise(batch.ab)), scale=scale)]

    class Rescaled:
        def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
            return iter(rescaled)

    generator = Colorizer(Halving(), ConstantColour(), None, stride=1)
    metrics = Validation(Rescaled(), 3, None, CPU)(generator)
    assert metrics["l1"] == pytest.approx((batch.ab - 0.25 * 127 / 110).abs().mean().item(), rel=1e-5)


def test_samples_are_gray_colorized_and_true():
    generator = Colorizer(Halving(), ConstantColour(), None, stride=1)
    samples = Validation(MemoryBatches(), 3, None, CPU).samples(generator, count=5)
    assert samples.shape == (5, 3, 3, 32, 32)
    gray, _, true = samples.unbind(1)
    batch = next(MemoryBatches().epoch(0))
    assert torch.allclose(gray[:, 0], gray[:, 1], atol=2e-3)
    torch.testing.assert_close(true[:4], to_rgb(batch.lightness, batch.ab, batch.scale))
