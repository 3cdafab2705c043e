"""Validation as a whole: which metrics it gives, their values, and that it leaves no trace."""

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from memory_batches import MemoryBatches
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio
from tiny_networks import Answering, Restless, SignOfA, joined
from torch import Tensor, nn

from data.batch import Batch
from data.colour import AB_SCALES, to_rgb
from data.config import DataConfig
from models.config.trial import TrialConfig
from models.measures.baselines import RandomColours, gray, truth
from models.measures.judge import Judge
from models.measures.validation import Validation
from models.networks.colorizer import Prediction
from models.objectives.task_losses import TaskLosses

CPU = torch.device("cpu")
CLASSES = ("a", "b", "c")


def trial(evaluation: dict[str, Any] | None = None, **sections: Any) -> TrialConfig:
    data = DataConfig(train="train.beton", val="val.beton")
    return TrialConfig(data=data, evaluation={"fid_images": 0, **(evaluation or {})}, **sections)


def validation(config: TrialConfig | None = None, classes: tuple[str, ...] = CLASSES) -> Validation:
    config = config or trial()
    return Validation(MemoryBatches(3), config, classes, TaskLosses(config, None), None, None, CPU)


def levels(lightness: Tensor, ab: Tensor) -> np.ndarray:
    """(B,H,W,3) of 256 levels."""
    rgb = to_rgb(lightness, ab, AB_SCALES["ab110"]).permute(0, 2, 3, 1).numpy()
    return np.rint(rgb * 255).astype(np.uint8)


def structural_similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Wang et al. 2004, equation 13, on (H,W,3) in 0..255: an 11×11 Gaussian window around every pixel."""

    def mean(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 1.5, mode="mirror", radius=5, axes=(0, 1))

    mean1, mean2 = mean(first), mean(second)
    var1, var2, cov = mean(first**2) - mean1**2, mean(second**2) - mean2**2, mean(first * second) - mean1 * mean2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    map_ = (2 * mean1 * mean2 + c1) * (2 * cov + c2) / ((mean1**2 + mean2**2 + c1) * (var1 + var2 + c2))
    return float(map_.mean())


def test_metrics_are_those_of_independent_computations():
    found = validation(trial(loss={"classification": 1.0}))(Answering(0.25, (0.0, 1.0, 0.0)), None, costly=True)
    lightness, ab, label = joined(list(MemoryBatches(3).in_file_order()))
    pairs = list(zip(levels(lightness, ab), levels(lightness, torch.full_like(ab, 0.25)), strict=True))
    psnr = np.mean([peak_signal_noise_ratio(true, fake) for true, fake in pairs])
    ssim = np.mean([structural_similarity(true.astype(float), fake.astype(float)) for true, fake in pairs])
    share = (label == 1).double().mean().item()
    errors = np.linalg.norm((ab.double().numpy() - 0.25) * 110, axis=1).ravel()
    curve = [(errors <= threshold).mean() for threshold in range(151)]
    assert found.metrics.pop("colourfulness_distance") > 0
    assert found.metrics == pytest.approx(
        {
            "l1": (ab - 0.25).abs().double().mean().item(),
            "psnr": psnr,
            "ssim": ssim,
            "auc": np.trapezoid(curve) / 150,
            "accuracy": share,
            "macro_f1": 2 * share / (1 + share) / 3,
        },
        rel=1e-5,
    )
    assert found.losses == pytest.approx(
        {"l1": found.metrics["l1"], "classification": math.log(2 + math.e) - share}, rel=1e-6
    )


def test_losses_are_means_over_photos_and_over_labelled_photos():
    class Uneven(MemoryBatches):
        """3 photos of which the last is labelled, then 4 labelled ones."""

        def in_file_order(self) -> Iterator[Batch]:
            whole, other = list(super().in_file_order())
            yield Batch(whole.lightness[:3], whole.ab[:3], torch.tensor([-1, -1, 1]), whole.scale)
            yield other

    config = trial(loss={"classification": 1.0})
    measured = Validation(Uneven(2), config, CLASSES, TaskLosses(config, None), None, None, CPU)
    found = measured(Answering(0.0, (0.0, 1.0, 0.0)), None, costly=False)
    _, ab, label = joined(list(Uneven(2).in_file_order()))
    share = ((label == 1).sum() / (label >= 0).sum()).item()
    assert found.losses["l1"] == pytest.approx(ab.abs().mean().item(), rel=1e-6)
    assert found.losses["classification"] == pytest.approx(math.log(2 + math.e) - share, rel=1e-6)
    assert found.metrics["accuracy"] == pytest.approx(share)


class OneTrue(nn.Module):
    """Gives the first photo its own colours, the others none."""

    def forward(self, lightness: Tensor, detached: tuple[str, ...] = ()) -> Prediction:
        (batch,) = MemoryBatches(1).in_file_order()
        ab = torch.zeros_like(batch.ab)
        ab[0] = batch.ab[0]
        return Prediction([lightness], ab=ab)


def test_one_perfect_photo_leaves_the_psnr_finite():
    found = Validation(MemoryBatches(1), trial(), (), None, None, None, CPU)(OneTrue(), None, costly=False)
    lightness, ab, _ = joined(list(MemoryBatches(1).in_file_order()))
    pairs = list(zip(levels(lightness, ab), levels(lightness, torch.zeros_like(ab)), strict=True))
    others = [peak_signal_noise_ratio(true, fake) for true, fake in pairs[1:]]
    assert found.metrics["psnr"] == pytest.approx((100 + sum(others)) / 4, rel=1e-6)


def test_metrics_of_labels_are_left_out_where_no_photo_has_one():
    class Unlabelled(MemoryBatches):
        def in_file_order(self) -> Iterator[Batch]:
            for batch in super().in_file_order():
                yield Batch(batch.lightness, batch.ab, torch.full_like(batch.label, -1), batch.scale)

    config = trial(loss={"classification": 1.0})
    measured = Validation(Unlabelled(), config, CLASSES, TaskLosses(config, None), None, None, CPU)
    found = measured(Answering(0.25, (0.0, 1.0, 0.0)), None, costly=False)
    assert set(found.metrics) == {"l1", "auc", "psnr", "ssim", "colourfulness_distance"}
    assert set(found.losses) == {"l1"}


@pytest.mark.parametrize(
    ("generator", "classes", "names"),
    [
        (Answering(0.1), CLASSES, {"l1", "auc", "psnr", "ssim", "colourfulness_distance"}),
        (Answering(None, (1.0, 0.0, 0.0)), CLASSES, {"accuracy", "macro_f1"}),
        (Answering(None, (1.0, 0.0, 0.0)), (), set()),
    ],
)
def test_what_is_not_predicted_is_not_measured(generator: nn.Module, classes: tuple[str, ...], names: set[str]):
    measured = Validation(MemoryBatches(), trial(), classes, None, None, None, CPU)
    assert set(measured(generator, None, costly=True).metrics) == names


def test_l1_and_auc_compare_whatever_the_normalisation():
    """A constant 0.25 of ab128 is another colour than 0.25 of ab110; the error is in units of 110 for both."""

    class Rescaled(MemoryBatches):
        def in_file_order(self) -> Iterator[Batch]:
            for batch in super().in_file_order():
                ab = AB_SCALES["ab128"].normalise(AB_SCALES["ab110"].denormalise(batch.ab))
                yield Batch(batch.lightness, ab, batch.label, AB_SCALES["ab128"])

    found = [
        Validation(batches, trial(), (), None, None, None, CPU)(Answering(value), None, costly=False).metrics
        for batches, value in ((Rescaled(), 0.25), (MemoryBatches(), 0.25 * 127 / 110))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-4)


def test_rebalanced_auc_weighs_pixels_inversely_to_how_frequent_their_colour_is():
    from data.bins import gamut_bins

    bins = gamut_bins()
    counts = torch.randint(0, 1000, (bins.num_bins,), generator=torch.Generator().manual_seed(1))
    found = Validation(MemoryBatches(), trial(), (), None, counts, None, CPU).measure(gray).metrics
    _, ab, _ = joined(list(MemoryBatches().in_file_order()))
    colours = (ab.double() * 110).permute(0, 2, 3, 1).reshape(-1, 2)
    nearest = torch.cdist(colours, bins.centres.double()).argmin(dim=1)
    weights = bins.rebalancing_weights(counts, uniform_share=0).double()[nearest].numpy()
    errors = colours.norm(dim=1).numpy()
    curve = [(weights * (errors <= threshold)).sum() / weights.sum() for threshold in range(151)]
    assert found["auc_rebalanced"] == pytest.approx(np.trapezoid(curve) / 150, rel=1e-4)


def test_baselines_are_measured_by_the_same_code():
    measured = validation()
    perfect, colourless = measured.measure(truth), measured.measure(gray)
    assert {name: perfect.metrics[name] for name in ("l1", "auc", "colourfulness_distance")} == {
        "l1": 0,
        "auc": 1,
        "colourfulness_distance": 0,
    }
    assert perfect.metrics["ssim"] == pytest.approx(1)
    assert perfect.metrics["psnr"] == 100
    assert colourless.details["colourfulness"] < 0.5  # 256 levels of gray are not quite gray
    assert colourless.metrics == validation()(Answering(0.0), None, costly=False).metrics


def test_random_colours_are_those_of_other_photos_and_the_same_each_time():
    batches = MemoryBatches(2)
    drawn = [RandomColours(batches)(batch).ab for batch in batches.in_file_order()]
    again = [RandomColours(batches)(batch).ab for batch in list(batches.in_file_order())[:1]]
    one_pass = RandomColours(batches)
    together = torch.cat([one_pass(batch).ab for batch in batches.in_file_order()])
    _, known, _ = joined(list(batches.in_file_order()))
    assert torch.equal(drawn[0], again[0])
    assert sorted(together.flatten(1).sum(1).tolist()) == sorted(known.flatten(1).sum(1).tolist())


def judging_by(norm: nn.Module) -> nn.Module:
    """A discriminator of one batch norm."""

    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = norm

        def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
            return self.norm(ab)[:, :1]

    return Normed()


def test_discriminator_error_counts_both_kinds_of_photo():
    found = validation()(Answering(0.25), Judge(SignOfA(), boundary=0.0), costly=False)
    _, ab, _ = joined(list(MemoryBatches(3).in_file_order()))
    rejected = (ab[:, 0].mean(dim=(1, 2)) < 0.0).double().mean().item()
    assert 0 < rejected < 1
    assert found.details["discriminator_error"] == pytest.approx((rejected + 1) / 2)  # 0.25 always passes as real
    critic = validation()(Answering(0.25), Judge(SignOfA(), boundary=None), costly=False)
    assert "discriminator_error" not in critic.details
    assert "discriminator_error" not in found.metrics  # nothing to minimise: a bad generator is told apart easily


@pytest.mark.parametrize("evaluation", [{}, {"eval_mode": "train"}, {"dropout_at_eval": True}])
def test_measuring_changes_neither_the_networks_nor_the_random_numbers(evaluation: dict[str, Any]):
    torch.manual_seed(1)
    generator, discriminator = Restless().train(), nn.BatchNorm2d(2).train()
    generator.layers[1].eval()  # as a phase may have frozen it
    before = copy.deepcopy(generator.state_dict())
    judge = Judge(judging_by(discriminator), boundary=0.0)
    random = torch.get_rng_state()
    measured = validation(trial(evaluation))
    first = measured(generator, judge, costly=False)
    measured.samples(generator, count=2)
    assert first == measured(generator, judge, costly=False)
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in generator.layers] == [True, False, True, True]
    for name, value in generator.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert discriminator.training
    assert discriminator.num_batches_tracked == 0
    assert all(parameter.grad is None for parameter in generator.parameters())


def test_mode_and_dropout_are_as_configured():
    seen: list[list[bool]] = []

    class Watched(Restless):
        def forward(self, lightness: Tensor, detached: tuple[str, ...] = ()) -> Any:
            seen.append([module.training for module in self.layers[1:3]])
            return super().forward(lightness)

    for evaluation in ({}, {"eval_mode": "train"}, {"dropout_at_eval": True}):
        validation(trial(evaluation))(Watched(), None, costly=False)
    assert seen[::3] == [[False, False], [True, True], [False, True]]


def test_metrics_of_a_diverged_generator_are_not_a_number():
    config = trial(loss={"classification": 1.0})
    generator = Answering(math.nan, (math.nan, 0.0, 0.0))
    found = validation(config)(generator, Judge(SignOfA(), 0.0), costly=True)
    assert len(found.metrics) == 7
    assert all(math.isnan(value) for value in (*found.metrics.values(), *found.losses.values()))
    assert math.isnan(found.details["discriminator_error"])


def test_samples_are_gray_colorized_and_true():
    samples = validation().samples(Answering(0.25), count=5)
    assert samples.shape == (5, 3, 3, 32, 32)
    gray_ones, colorized, true = samples.unbind(1)
    batch = next(iter(MemoryBatches().in_file_order()))
    assert torch.allclose(gray_ones[:, 0], gray_ones[:, 1], atol=2e-3)
    torch.testing.assert_close(true[:4], to_rgb(batch.lightness, batch.ab, batch.scale))
    torch.testing.assert_close(colorized[:4], to_rgb(batch.lightness, torch.full_like(batch.ab, 0.25), batch.scale))
    assert torch.equal(*validation().samples(Answering(None), count=2).unbind(1)[:2])
