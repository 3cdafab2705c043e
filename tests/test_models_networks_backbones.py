"""Torchvision's networks as encoders: which maps they give, whose weights they take, how wide they can be."""

from pathlib import Path

import pytest
import torch
from small_networks import num_parameters, trial_config
from torch import Tensor, nn
from torchvision.models import get_model

from models.networks.backbone import BackboneEncoder, map_names
from models.networks.colorizer import Colorizer
from models.networks.errors import NetworkError
from models.networks.generators import build_generator
from models.weights import WeightsError


def pretrained(backbone: str, weights: Path | None = None) -> Colorizer:
    model = {"backbone": backbone, "pretrained": True, "weights": weights}
    return build_generator(trial_config(model), num_classes=0, side=64)


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("backbone", "names", "channels"),
    [
        ("resnet18", "relu layer1 layer2 layer3 layer4", {2: 64, 4: 64, 8: 128, 16: 256, 32: 512}),
        ("resnet50", "relu layer1 layer2 layer3 layer4", {2: 64, 4: 256, 8: 512, 16: 1024, 32: 2048}),
        ("convnext_tiny", "features.1 features.3 features.5 features", {4: 96, 8: 192, 16: 384, 32: 768}),
        (
            "efficientnet_b0",
            "features.1 features.2 features.3 features.5 features",
            {2: 16, 4: 24, 8: 40, 16: 112, 32: 1280},
        ),
        (
            "mobilenet_v2",
            "features.1 features.3 features.6 features.13 features",
            {2: 16, 4: 24, 8: 32, 16: 96, 32: 1280},
        ),
        (
            "vgg16",
            "features.8 features.15 features.22 features.29 features",
            {2: 128, 4: 256, 8: 512, 16: 512, 32: 512},
        ),
        (
            "densenet121",
            "features.relu0 features.denseblock1 features.denseblock2 features.denseblock3 features",
            {2: 64, 4: 256, 8: 512, 16: 1024, 32: 1024},
        ),
    ],
)
def test_maps_are_the_last_before_each_halving(backbone: str, names: str, channels: dict[int, int]):
    assert map_names(backbone) == tuple(names.split())
    with torch.device("meta"):
        assert BackboneEncoder(backbone, 1.0, skips=True).channels == channels


@pytest.mark.parametrize("backbone", ["resnet18", "mobilenet_v2", "convnext_tiny", "efficientnet_b0"])
def test_maps_are_what_torchvision_computes(backbone: str):
    torch.manual_seed(0)
    reference = get_model(backbone).eval()
    encoder = BackboneEncoder(backbone, 1.0, skips=True).eval()
    state = reference.state_dict()
    encoder.maps.load_state_dict({name: state[name] for name in encoder.maps.state_dict()})
    seen: dict[str, Tensor] = {}
    for name in map_names(backbone):
        layer = reference.get_submodule(name)
        # The ReLU after a ResNet's first convolution works in place, on a tensor that lives on.
        layer.register_forward_hook(lambda _, __, output, name=name: seen.update({name: output.clone()}))
    lightness = torch.randn(1, 1, 64, 64)
    reference(lightness.expand(-1, 3, -1, -1))
    for expected, actual in zip(seen.values(), encoder(lightness), strict=True):
        torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize(
    ("backbone", "file_name"),
    [("resnet18", "resnet18-f37072fd.pth"), ("mobilenet_v2", "mobilenet_v2-b0353104.pth")],
)
def test_pretrained_weights_fill_the_encoder_alone(backbone: str, file_name: str, torch_home: Path):
    torch.manual_seed(1)
    state = get_model(backbone).state_dict()
    torch.save(state, torch_home / file_name)
    torch.manual_seed(0)
    generator = pretrained(backbone)
    kept = generator.encoder.maps.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in kept.items())
    assert set(state) - set(kept) == {name for name in state if name.startswith(("fc.", "classifier."))}
    assert generator.last_layer.std().item() == pytest.approx(0.02, rel=0.1)


def test_weights_of_another_network_are_refused(tmp_path: Path):
    file = tmp_path / "other.pth"
    torch.save(get_model("resnet34").state_dict(), file)
    with pytest.raises(WeightsError, match=r"other\.pth is not those of resnet18: layer1\.2\..* is none of its layers"):
        pretrained("resnet18", file)


def test_weights_with_a_gap_are_refused(tmp_path: Path):
    state = get_model("resnet18").state_dict()
    del state["layer2.0.conv1.weight"]
    torch.save(state, tmp_path / "gap.pth")
    with pytest.raises(WeightsError, match=r"layer2\.0\.conv1\.weight is missing or has another shape; set") as refusal:
        pretrained("resnet18", tmp_path / "gap.pth")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("backbone", ["vit_b_16", "alexnet", "squeezenet1_1"])
def test_a_network_without_maps_is_refused(backbone: str):
    with pytest.raises(NetworkError, match=rf"{backbone} gives no feature map of 1/32 .*: set model\.backbone to"):
        BackboneEncoder(backbone, 1.0, skips=True)


def test_a_network_that_cannot_be_narrower_is_refused():
    with pytest.raises(NetworkError, match=r"shufflenet_v2_x1_0 cannot have a width of 0\.5: set model\.width to 1"):
        BackboneEncoder("shufflenet_v2_x1_0", 0.5, skips=True)


def test_width_scales_the_channels_of_every_layer():
    encoder = BackboneEncoder("mobilenet_v2", 0.5, skips=True)
    assert encoder.channels == {2: 8, 4: 16, 8: 16, 16: 48, 32: 640}
    depthwise = [m for m in encoder.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert len(depthwise) == 17
    assert all(layer.groups == layer.in_channels == layer.out_channels for layer in depthwise)


def test_width_keeps_the_value_that_layer_scales_start_from():
    scales = [p for name, p in BackboneEncoder("convnext_tiny", 0.25, True).named_parameters() if "layer_scale" in name]
    assert {tuple(scale.shape) for scale in scales} == {(24, 1, 1), (48, 1, 1), (96, 1, 1), (192, 1, 1)}
    assert all((scale == 1e-6).all() for scale in scales)


def test_a_resnet_of_half_the_width_has_the_parameters_of_a_direct_count():
    assert num_parameters(BackboneEncoder("resnet18", 0.5, skips=True)) == num_parameters_of_resnet18(0.5)


def num_parameters_of_resnet18(width: float) -> int:
    stem, *stages = [int(channels * width) for channels in (64, 64, 128, 256, 512)]
    total = 3 * 49 * stem + 2 * stem
    for into, out in zip((stem, *stages[:-1]), stages, strict=True):
        total += 9 * into * out + 3 * 9 * out * out + 4 * 2 * out
        total += (into * out + 2 * out) if into != out else 0
    return total
