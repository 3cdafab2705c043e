"""Losses that ask a pretrained network, here with random weights under the official file names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from memory_batches import MemoryBatches
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torchmetrics.functional.image import learned_perceptual_image_patch_similarity
from torchvision.models import get_model, get_model_weights

from data.batch import Batch
from data.colour import AB_SCALES, to_rgb
from models.classifier import imagenet_classifier
from models.config.evaluation import LPIPS_BACKBONES
from models.config.trial import TrialConfig
from models.measures.perception import PerceptualDistance
from models.measures.validation import Validation
from models.networks.colorizer import Prediction
from models.objectives.classification import TeacherDivergence
from models.objectives.lpips import build_lpips, lpips_network
from models.objectives.perceptual import PERCEPTUAL, PerceptualLoss, build_vgg_distance, perceptual_network
from models.objectives.task_losses import TaskLosses
from models.weights import WeightsError, load_state

SCALE = AB_SCALES["ab128"]
TEACHER = "squeezenet1_1"


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TORCH_HOME with all networks that are asked here."""
    home = tmp_path_factory.mktemp("torch_home")
    for name in (*LPIPS_BACKBONES.values(), TEACHER):
        save_random(home, name)
    return home


@pytest.fixture(autouse=True)
def torch_home(random_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """These weights alone, and no network left for another test."""
    monkeypatch.setenv("TORCH_HOME", str(random_weights))
    yield
    perceptual_network.cache_clear()
    lpips_network.cache_clear()
    imagenet_classifier.cache_clear()


def save_random(home: Path, name: str) -> None:
    """Random weights, at the scale at which signals survive; fully connected layers 0, which take no space."""
    random = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        shapes = get_model(name).state_dict()
    state = {}
    for key, tensor in shapes.items():
        if tensor.ndim == 4:
            scale = (2 / tensor[0].numel()) ** 0.5
            state[key] = torch.randn(tensor.shape, generator=random) * scale
        else:
            state[key] = torch.zeros(()).expand(tensor.shape)
    folder = home / "hub/checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / Path(get_model_weights(name)["IMAGENET1K_V1"].url).name)


def photos(seed: int = 0, side: int = 32) -> Batch:
    random = torch.Generator().manual_seed(seed)
    lightness = torch.rand(2, 1, side, side, generator=random) * 2 - 1
    return Batch(lightness, torch.rand(2, 2, side, side, generator=random) - 0.5, torch.tensor([-1, -1]), SCALE)


def trial(**loss: object) -> TrialConfig:
    stopping = {"classification": {"metric": "teacher_agreement" if "teacher" in loss else "accuracy"}}
    data = {"train": "t.beton", "val": "v.beton"}
    return TrialConfig(data=data, loss={"l1": 0, **loss}, early_stopping=stopping)


@pytest.mark.parametrize("network", ["alex", pytest.param("vgg", marks=pytest.mark.slow)])
def test_lpips_is_torchmetrics(network: str):
    first, second = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    expected = learned_perceptual_image_patch_similarity(first, second, network, reduction="none", normalize=True)
    assert torch.equal(build_lpips(network)(first, second), expected)


def test_vgg_distance_is_the_mean_square_at_relu2_2():
    state = load_state("vgg16")
    first, second = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)

    def relu2_2(rgb: Tensor) -> Tensor:
        mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[..., None, None]
        signal = (rgb - mean) / deviation
        for layer, pooled in ((0, False), (2, True), (5, False), (7, False)):
            signal = F.conv2d(signal, state[f"features.{layer}.weight"], padding=1).relu()
            signal = F.max_pool2d(signal, 2) if pooled else signal
        return signal

    expected = (relu2_2(first) - relu2_2(second)).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(build_vgg_distance()(first, second), expected)


@pytest.mark.parametrize("network", PERCEPTUAL)
def test_perceptual_loss_is_0_for_the_true_colours_and_leads_others_there(network: str):
    batch = photos()
    loss = PerceptualLoss(network)
    assert loss(Prediction([], ab=batch.ab), batch) == 0
    ab = torch.zeros_like(batch.ab).requires_grad_()
    before = loss(Prediction([], ab=ab), batch)
    before.backward()
    assert ab.grad.isfinite().all()
    with torch.no_grad():
        assert loss(Prediction([], ab=ab - 0.05 * ab.grad / ab.grad.abs().max()), batch) < before


@pytest.mark.parametrize("network", PERCEPTUAL)
def test_judging_networks_are_frozen_and_built_once(network: str):
    judge = perceptual_network(network)
    assert not any(parameter.requires_grad for parameter in judge.parameters())
    assert not any(module.training for module in judge.modules())
    assert perceptual_network(network) is judge


@pytest.mark.parametrize(("network", "count"), [("alex", 2), (None, 0)])
def test_samples_have_their_distance_where_lpips_is_measured(network: str | None, count: int):
    evaluation = {"fid_images": 4, "lpips": network}
    config = TrialConfig.model_validate({"data": {"train": "t", "val": "v"}, "evaluation": evaluation})
    validation = Validation(MemoryBatches(1), config, (), None, None, None, torch.device("cpu"))
    samples = torch.rand(2, 3, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    found = validation.sample_distances(samples)

    assert found == pytest.approx([lpips_network("alex")(one[1:2], one[2:3]).item() for one in samples][:count])


def test_lpips_is_one_network_as_a_loss_and_as_a_metric():
    metric = PerceptualDistance("vgg", torch.device("cpu"))
    assert metric._lpips is perceptual_network("lpips")


def test_teacher_divergence_is_kullback_leiblers():
    batch, logits = photos(), torch.randn(2, 1000, requires_grad=True)
    loss = TeacherDivergence(TEACHER)(Prediction([], logits=logits), batch)

    network: nn.Module = get_model(TEACHER)
    network.load_state_dict(load_state(TEACHER))
    prepare = get_model_weights(TEACHER)["IMAGENET1K_V1"].transforms()
    with torch.no_grad():
        teacher = network.eval()(prepare(to_rgb(batch.lightness, batch.ab, SCALE))).double().softmax(1)
    expected = (teacher * (teacher.log() - logits.double().log_softmax(1))).sum(1).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    loss.backward()
    assert logits.grad.isfinite().all()


def test_judging_networks_are_no_part_of_the_task_losses():
    losses = TaskLosses(trial(perceptual=1, classification=1, teacher=TEACHER), None).train()
    batch = photos()
    prediction = Prediction([], ab=batch.ab * 0, logits=torch.zeros(2, 1000))
    found = losses(prediction, batch, ("perceptual", "classification"))
    assert all(loss > 0 for loss in found.values())
    assert not list(losses.parameters())
    assert not losses.state_dict()


def test_losses_with_a_weight_of_0_need_no_weights():
    TaskLosses(trial(l1=1), None)


@pytest.mark.parametrize("loss", [{"perceptual": 1}, {"perceptual": 1, "perceptual_network": "lpips"}])
def test_weights_of_another_network_are_refused_in_one_line(
    loss: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "hub/checkpoints/vgg16-397923af.pth")
    with pytest.raises(WeightsError, match="vgg16") as refusal:
        TaskLosses(trial(**loss), None)
    assert "\n" not in str(refusal.value)
