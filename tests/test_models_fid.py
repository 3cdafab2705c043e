"""FID against closed forms and torchmetrics; features of real photos kept on disk."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from models.measures.fid import (
    FidNetwork,
    TooFewPhotosError,
    frechet_distance,
)
from models.measures.pictures import to_uint8
from models.weights import State, WeightsError, load_state


@pytest.fixture(scope="module")
def state() -> State:
    try:
        return load_state("inception-fid")
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def network(state: State) -> FidNetwork:
    return FidNetwork(state, features="64")


class Flatten(nn.Module):
    """Features that are handed over as they are."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def torchmetrics_distance(real: Tensor, fake: Tensor) -> float:
    metric = FrechetInceptionDistance(Flatten(real.shape[1])).set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    return float(metric.compute())


@pytest.mark.parametrize(("num_real", "num_fake"), [(20, 30), (20, 300), (500, 300)])
def test_distance_agrees_with_torchmetrics(num_real: int, num_fake: int):
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(64, 64, generator=generator, dtype=torch.float64)
    real = torch.randn(num_real, 64, generator=generator, dtype=torch.float64) @ mixing
    fake = torch.rand(num_fake, 64, generator=generator, dtype=torch.float64) @ mixing.T + 0.5
    assert frechet_distance(real, fake) == pytest.approx(torchmetrics_distance(real, fake), rel=1e-3)


def test_distance_of_diagonal_gaussians_is_the_closed_form():
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 3)  # (8,3), covariance 8/7 I
    real = corners * torch.tensor([1.0, 2.0, 3.0])
    fake = corners * torch.tensor([4.0, 2.0, 0.0]) + torch.tensor([0.0, 0.0, 5.0])
    expected = 5**2 + 8 / 7 * ((1 - 4) ** 2 + 0 + (3 - 0) ** 2)  # |μr − μf|² + Σ (σr − σf)²
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_distance_of_a_set_to_itself_is_zero():
    features = torch.rand(10, 2048, generator=torch.Generator().manual_seed(0))
    assert 0 <= frechet_distance(features, features) < 1e-9


def test_distance_of_two_single_directions_needs_few_photos_only():
    real = torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # variance 2 along x
    fake = torch.tensor([[1.0, -2.0], [1.0, 2.0]])  # variance 8 along y: no overlap
    assert frechet_distance(real, fake) == pytest.approx(10)


def test_one_photo_has_no_covariance():
    with pytest.raises(TooFewPhotosError, match="got 5 real and 1 generated"):
        frechet_distance(torch.rand(5, 3), torch.rand(1, 3))


def test_every_level_survives_the_way_to_float_and_back():
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).expand(1, 3, 16, 16)
    through_tanh_range = (levels / 255 * 2 - 1 + 1) / 2
    assert torch.equal(to_uint8(through_tanh_range), levels)
    assert to_uint8(torch.tensor([-0.1, 0.4999 / 255, 0.5001 / 255, 1.1])).tolist() == [0, 0, 1, 255]


def test_features_are_one_row_a_photo(network: FidNetwork):
    photos = torch.zeros(3, 3, 20, 30, dtype=torch.uint8)
    photos[1] = 255
    features = network(photos)
    assert (features.shape, features.dtype, features.requires_grad) == ((3, 64), torch.float32, False)
    assert torch.equal(features[0], features[2])
    assert not torch.equal(features[0], features[1])


def test_weights_hash_does_not_depend_on_the_unused_classifier(state: State, network: FidNetwork):
    assert FidNetwork(state | {"fc.bias": torch.ones(1008)}).weights_hash == network.weights_hash
    assert FidNetwork(state | {"Mixed_7c.branch_pool.bn.bias": torch.ones(192)}).weights_hash != network.weights_hash


@pytest.mark.slow
def test_documented_example_of_torchmetrics_gives_the_documented_value(
    state: State, network: FidNetwork, tmp_path: Path
):
    torch.save(state, tmp_path / "inception.pth")
    torch.manual_seed(42)  # the seed of their doctests; building the metric draws numbers before the images do
    FrechetInceptionDistance(feature=64, feature_extractor_weights_path=str(tmp_path / "inception.pth"))
    real = torch.randint(0, 200, (100, 3, 299, 299), dtype=torch.uint8)
    fake = torch.randint(100, 255, (100, 3, 299, 299), dtype=torch.uint8)
    features = [torch.cat([network(part) for part in photos.split(10)]) for photos in (real, fake)]
    assert frechet_distance(*features) == pytest.approx(12.6388, abs=1e-3)


def test_building_the_network_leaves_the_random_state_alone(state: State):
    before = torch.get_rng_state()
    FidNetwork(state)
    assert torch.equal(torch.get_rng_state(), before)
