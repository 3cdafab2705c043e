"""Torchvision's classifiers as teachers and judges, here with blank or random weights under the official file names."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import get_model, get_model_weights

from models.classifier import ImageNetClassifier
from models.networks.outline import outline
from models.weights import State

REGNET = "regnet_y_400mf"


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


def save(folder: Path, name: str, state: State) -> None:
    torch.save(state, folder / Path(next(iter(get_model_weights(name))).url).name)


def blank(name: str) -> State:
    """All weights 0, which take no space."""
    shapes = outline(name).state_dict()
    return {key: torch.zeros((), dtype=weight.dtype).expand(weight.shape) for key, weight in shapes.items()}


def photos(height: int, width: int) -> Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "inception_v3", "efficientnet_b0"])
def test_photos_are_prepared_as_torchvision_does(name: str, torch_home: Path):
    save(torch_home, name, blank(name))
    classifier, published = ImageNetClassifier(name), next(iter(get_model_weights(name))).transforms()
    for size in ((32, 32), (400, 400), (40, 64), (300, 200)):
        assert torch.equal(classifier.prepared(photos(*size)), published(photos(*size)))


def test_regnet_is_built_without_its_own_random_numbers(torch_home: Path):
    with torch.random.fork_rng():
        own = get_model(REGNET).eval()
    save(torch_home, REGNET, own.state_dict())
    random = torch.get_rng_state()
    classifier = ImageNetClassifier(REGNET)
    assert torch.equal(torch.get_rng_state(), random)
    with torch.no_grad():
        expected = own(classifier.prepared(photos(64, 64)))
        assert torch.equal(classifier(photos(64, 64)), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_teacher_never_waits_for_the_gpu(torch_home: Path):
    save(torch_home, "resnet18", blank("resnet18"))
    classifier, shown = ImageNetClassifier("resnet18").cuda(), photos(64, 64).cuda()
    classifier(shown)  # the first one may set things up
    torch.cuda.set_sync_debug_mode("error")
    try:
        classifier(shown)
    finally:
        torch.cuda.set_sync_debug_mode("default")
