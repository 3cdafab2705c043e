"""Single measures against closed forms and independent computations."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchmetrics.image.kid import KernelInceptionDistance

from data.colour import AB_SCALES, normalise
from models.measures.colour_errors import threshold_areas
from models.measures.kid import kernel_distance
from models.measures.measure import Means
from models.measures.picture_quality import colourfulness
from models.measures.pictures import picture
from models.measures.semantics import imagenet_numbers


def random_features(seed: int, num_photos: int, num_features: int = 16) -> Tensor:
    return torch.rand(num_photos, num_features, generator=torch.Generator().manual_seed(seed)) * 2


class AsItIs(nn.Module):
    num_features = 16

    def forward(self, features: Tensor) -> Tensor:
        return features


def test_kid_is_that_of_torchmetrics_on_the_same_subsets():
    real, fake = random_features(0, 50), random_features(1, 50) + 0.1
    metric = KernelInceptionDistance(AsItIs(), subsets=100, subset_size=25).set_dtype(torch.float64)
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mean, spread = metric.compute()
    found = kernel_distance(real, fake)
    assert found.mean == pytest.approx(mean.item(), rel=1e-9)
    assert found.high - found.mean == pytest.approx(1.96 * spread.item(), rel=1e-9)
    assert found.mean - found.low == pytest.approx(1.96 * spread.item(), rel=1e-9)


def test_kid_does_not_depend_on_the_number_of_photos_and_its_interval_shrinks_with_it():
    few, many = (
        kernel_distance(random_features(2, num_photos), random_features(3, num_photos) + 0.2)
        for num_photos in (100, 2000)
    )
    assert few.low < many.mean < few.high
    assert 0 < many.high - many.low < (few.high - few.low) / 3  # √20 = 4.5 in expectation


def test_kid_interval_covers_the_distance_of_all_in_most_draws():
    """95 % of 40 draws are 38; fewer than 33 would have a chance below 1 in 1,000."""
    population = kernel_distance(random_features(10, 4000), random_features(11, 4000) + 0.3).mean
    draws = [
        kernel_distance(random_features(2 * seed, 60), random_features(2 * seed + 1, 60) + 0.3)
        for seed in range(100, 140)
    ]
    assert sum(one.low < population < one.high for one in draws) >= 33


def test_kid_of_three_photos_has_no_interval():
    found = kernel_distance(random_features(0, 3), random_features(1, 3))
    assert math.isfinite(found.mean)
    assert math.isnan(found.low)


def test_colourfulness_is_hasler_and_suesstrunks():
    photos = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8))
    expected = []
    for red, green, blue in photos.astype(float):
        rg, yb = red - green, (red + green) / 2 - blue
        expected.append(math.hypot(rg.std(), yb.std()) + 0.3 * math.hypot(rg.mean(), yb.mean()))
    assert colourfulness(torch.from_numpy(photos)).tolist() == pytest.approx(expected, rel=1e-5)
    flat = torch.tensor([255, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert colourfulness(flat).item() == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_threshold_areas_are_the_trapezoids_under_the_steps():
    errors = [0.0, 0.2, 1.0, 1.5, 149.5, 150.0, 150.1, 400.0]
    expected = [np.trapezoid([float(error <= threshold) for threshold in range(151)]) / 150 for error in errors]
    assert threshold_areas(torch.tensor(errors)).tolist() == pytest.approx(expected, abs=1e-6)
    assert math.isnan(threshold_areas(torch.tensor(math.nan)))


def test_lab_shown_as_rgb_is_scaled_by_its_own_range():
    lab = torch.tensor([[100.0, 127.0, -128.0], [0.0, 0.0, 0.0], [50.0, 63.5, -64.0]]).view(3, 3, 1, 1)
    for scale in AB_SCALES.values():
        shown = picture(*normalise(lab, scale), scale, "lab01").flatten(1)
        assert shown.tolist() == [[255, 255, 0], [0, 128, 128], [128, 191, 64]]


def test_means_weigh_values_and_have_none_of_nothing():
    means = Means()
    means.add("x", torch.tensor([1.0, 3.0]))
    means.add("x", torch.tensor([5.0]), torch.tensor([2.0]))
    means.add("nothing", torch.zeros(2), torch.zeros(2))
    assert means.result() == {"x": pytest.approx((1 + 3 + 2 * 5) / 4)}


def test_classes_are_those_of_imagenet_only_if_all_are():
    assert imagenet_numbers(["goldfish", "n01440764", "sports car", "crane (n02012849)"]) == [1, 0, 817, 134]
    assert imagenet_numbers(["goldfish", "Apple-Golden-Delicious"]) is None
    assert imagenet_numbers(["crane"]) is None  # a bird or a machine
    assert imagenet_numbers([]) is None
