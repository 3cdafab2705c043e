"""Metrics of pretrained networks: which photos they see, and what becomes of what the networks say."""

import math
from pathlib import Path

import pytest
import torch
from memory_batches import MemoryBatches
from photos import Betons
from tiny_networks import Answering, joined
from torch import Tensor, nn
from torchvision.models import shufflenet_v2_x0_5

from data.colour import AB_SCALES
from data.config import DataConfig
from data.loaders import open_loader
from data.manifest import read_manifest
from data.sources.imagenet_classes import synonyms
from models.classifier import ImageNetClassifier, imagenet_classifier
from models.config.trial import TrialConfig
from models.measures import fid_reference as fid_reference_module
from models.measures.baselines import gray, truth
from models.measures.fid import frechet_distance
from models.measures.fid_reference import FidReference, fid_reference
from models.measures.kid import kernel_distance
from models.measures.pictures import picture
from models.measures.validation import Validation
from models.weights import WeightsError

CPU = torch.device("cpu")


class ColourMeans(nn.Module):
    """In place of Inception: means of the channels in four quarters, 12 features; counts its photos."""

    layer, weights_hash = "12", "none"

    def __init__(self) -> None:
        super().__init__()
        self.num_seen = 0

    def forward(self, photos: Tensor) -> Tensor:
        assert photos.dtype == torch.uint8
        self.num_seen += len(photos)
        return nn.functional.adaptive_avg_pool2d(photos.float(), 2).flatten(1)


def features(batches: MemoryBatches, count: int, colour: float | None, space: str = "rgb") -> Tensor:
    lightness, ab, _ = joined(list(batches.in_file_order()))
    shown = ab if colour is None else torch.full_like(ab, colour)
    return ColourMeans()(picture(lightness, shown, AB_SCALES["ab110"], space)[:count])  # type: ignore[arg-type]


@pytest.mark.parametrize("space", ["rgb", "lab01"])
def test_fid_and_kid_are_of_the_first_photos_in_the_space_asked_for(space: str):
    batches = MemoryBatches(3)
    evaluation = {"fid_images": 6, "kid": True, "metric_space": space}
    config = TrialConfig(data=DataConfig(train="t", val="v"), evaluation=evaluation)
    network, real = ColourMeans(), features(batches, 6, None, space)
    reference = FidReference(network, real, space)  # type: ignore[arg-type]
    measured = Validation(batches, config, (), None, None, reference, CPU)
    found = measured(Answering(0.25), None, costly=True)
    fake = features(batches, 6, 0.25, space)
    assert network.num_seen == 6
    assert found.metrics["fid"] == pytest.approx(frechet_distance(real, fake))
    assert found.metrics["kid"] == pytest.approx(kernel_distance(real, fake).mean)
    assert found.details["kid_low"] < found.metrics["kid"] < found.details["kid_high"]
    assert not measured(Answering(0.25), None, costly=False).metrics.keys() & {"fid", "kid"}
    assert network.num_seen == 6
    diverged = measured(Answering(math.inf), None, costly=True).metrics
    assert math.isnan(diverged["fid"])
    assert math.isnan(diverged["kid"])


def test_real_features_of_one_space_are_not_taken_for_those_of_the_other(
    betons: Betons, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fid_reference_module, "_network", lambda *_: ColourMeans())
    data = DataConfig(train=betons.train, val=betons.val, batch_size=4)
    photos = open_loader(betons.val, data, training=False, seed=0, device=CPU)
    manifest = read_manifest(betons.val)
    evaluations = ({"fid_images": 5, "metric_space": space} for space in ("rgb", "lab01", "rgb"))
    configs = [TrialConfig(data=data, evaluation=evaluation) for evaluation in evaluations]
    found = [fid_reference(config, manifest, photos, CPU).features for config in configs]
    photos.close()
    assert found[0].shape == (5, 12)
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[1])


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TORCH_HOME with a shufflenet_v2_x0_5 of random weights, under the official name."""
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(shufflenet_v2_x0_5().state_dict(), folder / "shufflenetv2_x0.5-f707e7126e.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    imagenet_classifier.cache_clear()
    return folder


def test_classifier_is_frozen_and_is_what_torchvision_has(torch_home: Path):
    random = torch.get_rng_state()
    classifier = ImageNetClassifier("shufflenet_v2_x0_5").train()
    assert torch.equal(torch.get_rng_state(), random)
    photos = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0), requires_grad=True)
    own = shufflenet_v2_x0_5()
    own.load_state_dict(torch.load(torch_home / "shufflenetv2_x0.5-f707e7126e.pth", weights_only=True))
    resized = nn.functional.interpolate(photos, 256, mode="bilinear", antialias=True)[..., 16:240, 16:240]
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    logits = classifier(photos)
    torch.testing.assert_close(logits, own.eval()((resized - mean) / std), rtol=1e-4, atol=1e-5)
    logits.sum().backward()
    assert photos.grad is not None
    assert not any(parameter.requires_grad for parameter in classifier.parameters())


def test_weights_of_another_network_are_refused_in_one_line(torch_home: Path):
    torch.save({"layer.weight": torch.zeros(3)}, torch_home / "shufflenetv2_x0.5-f707e7126e.pth")
    with pytest.raises(WeightsError, match="weights") as failed:
        ImageNetClassifier("shufflenet_v2_x0_5")
    assert "\n" not in str(failed.value)
    with pytest.raises(WeightsError, match="no weights of 'shufflnet_v2_x0_5'"):
        ImageNetClassifier("shufflnet_v2_x0_5")


def test_classifier_metrics_compare_its_first_classes(torch_home: Path):
    batches = MemoryBatches(2)
    evaluation = {"fid_images": 7, "classifier": "shufflenet_v2_x0_5"}
    config = TrialConfig(data=DataConfig(train="t", val="v"), evaluation=evaluation)
    lightness, ab, label = joined(list(batches.in_file_order()))
    network = imagenet_classifier("shufflenet_v2_x0_5", CPU)
    said = [
        network(picture(lightness, shown, AB_SCALES["ab110"], "rgb")[:7] / 255).argmax(1)
        for shown in (ab, torch.zeros_like(ab))
    ]
    named = said[0][0].item()  # as the class of label 0, so that some answers are right
    ids = list(synonyms())
    classes = [ids[named], ids[(named + 1) % 1000], ids[(named + 2) % 1000]]
    numbers = torch.tensor([named, (named + 1) % 1000, (named + 2) % 1000])[label[:7]]
    measured = Validation(batches, config, classes, None, None, None, CPU)
    perfect, colourless = measured.measure(truth).metrics, measured.measure(gray).metrics
    assert perfect["classifier_agreement"] == 1
    assert perfect["classifier_top1"] == pytest.approx((said[0] == numbers).double().mean().item())
    assert colourless["classifier_agreement"] == pytest.approx((said[0] == said[1]).double().mean().item())
    other = Validation(batches, config, ("a", "b", "c"), None, None, None, CPU).measure(gray).metrics
    assert "classifier_top1" not in other


def test_teacher_agreement_compares_the_heads_first_class_with_the_teachers(torch_home: Path):
    batches = MemoryBatches(2)
    loss = {"l1": 0, "adversarial": "none", "classification": 1.0, "teacher": "shufflenet_v2_x0_5"}
    stopping = {"classification": {"metric": "teacher_agreement"}}
    config = TrialConfig(
        data=DataConfig(train="t", val="v"), loss=loss, early_stopping=stopping, evaluation={"fid_images": 0}
    )
    lightness, ab, _ = joined(list(batches.in_file_order()))
    teacher = imagenet_classifier("shufflenet_v2_x0_5", CPU)
    said = teacher(picture(lightness, ab, AB_SCALES["ab110"], "rgb") / 255).argmax(1)
    answer = nn.functional.one_hot(said[0], 1000).float()
    generator = Answering(None, tuple(answer.tolist()))
    found = Validation(batches, config, ("a", "b", "c"), None, None, None, CPU)(generator, None, costly=True)
    assert found.metrics == {"teacher_agreement": pytest.approx((said == said[0]).double().mean().item())}
