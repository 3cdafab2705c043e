"""The contract that every generator keeps, whatever its encoder, decoder and head."""

import copy
from functools import cache
from itertools import product
from typing import Any

import pytest
import torch
from small_networks import NUM_CLASSES, SIDE, small
from torch import nn

from models.networks.colorizer import Colorizer, Prediction

TORCHVISION = ("resnet18", "resnet34", "resnet50", "convnext_tiny", "efficientnet_b0", "mobilenet_v2", "vgg16")
CLASSIFIER = {"l1": 0.0, "adversarial": "none", "classification": 1.0}
Case = tuple[dict[str, Any], dict[str, Any]]


def cases() -> dict[str, Case]:
    """Model and loss sections by name."""
    found: dict[str, Case] = {}
    for skips, head in product((True, False), ("pooled", "flattened", "fusion")):
        found[f"unet-{skips}-{head}"] = ({"skips": skips, "head": head}, {})
    for backbone, skips in product(TORCHVISION, (True, False)):
        # Heads see the bottleneck, which is the same with and without skips.
        head = "pooled" if skips else "flattened"
        found[f"{backbone}-{skips}-{head}"] = ({"backbone": backbone, "skips": skips, "head": head}, {})
    for bins, head in product((0.0, 1.0), ("pooled", "flattened")):
        found[f"eccv16-{bins}-{head}"] = ({"backbone": "eccv16", "head": head}, {"bins": bins})
    found["unet-classifier"] = ({}, CLASSIFIER)
    found["resnet18-classifier"] = ({"backbone": "resnet18", "head": "flattened"}, CLASSIFIER)
    return found


CASES = cases()
FEW = [name for name in CASES if "False" not in name and name.split("-")[0] not in ("resnet34", "resnet50", "vgg16")]
COLORIZING = [name for name in FEW if "classifier" not in name]


def fresh(name: str, seed: int = 0) -> Colorizer:
    model, loss = CASES[name]
    return small(model, seed=seed, **loss)


template = cache(fresh)


def built(name: str, seed: int = 0) -> Colorizer:
    return copy.deepcopy(template(name, seed))


def photos(batch_size: int = 2, height: int = SIDE, width: int = SIDE) -> torch.Tensor:
    return torch.rand(batch_size, 1, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


def total(prediction: Prediction) -> torch.Tensor:
    """A scalar that depends on every output."""
    outputs = [prediction.ab, prediction.logits]
    return torch.stack([(output.float() - 0.5).square().mean() for output in outputs if output is not None]).sum()


@pytest.mark.parametrize("name", CASES)
def test_outputs_have_their_shapes_and_every_parameter_learns(name: str):
    generator = built(name)
    prediction = generator(photos())
    assert (prediction.ab is None) == ("classifier" in name)
    if prediction.ab is not None:
        assert prediction.ab.shape == (2, 2, SIDE, SIDE)
        assert prediction.ab.abs().max() <= 1.2  # Lab reaches beyond 110, and bins beyond the gamut
    assert prediction.logits is not None
    assert prediction.logits.shape == (2, NUM_CLASSES)
    bottleneck = prediction.features[-1]
    assert SIDE // bottleneck.shape[2] == SIDE // bottleneck.shape[3] == generator.stride
    total(prediction).backward()
    assert [name for name, parameter in generator.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("name", FEW)
def test_the_same_seed_builds_the_same_network(name: str):
    first, second, other = fresh(name).state_dict(), built(name).state_dict(), built(name, seed=1).state_dict()
    assert all(torch.equal(value, second[key]) for key, value in first.items())
    assert not all(torch.equal(value, other[key]) for key, value in first.items())


@pytest.mark.parametrize("name", FEW)
def test_copies_and_loaded_weights_predict_the_same(name: str):
    generator = built(name)
    generator(photos())  # moves the statistics of the batch norms
    loaded = built(name, seed=1)
    loaded.load_state_dict(generator.state_dict())
    expected = generator.eval()(photos())
    for twin in (copy.deepcopy(generator), loaded.eval()):
        torch.testing.assert_close(total(twin(photos())), total(expected), rtol=0, atol=0)


@pytest.mark.parametrize("name", FEW)
def test_an_encoder_in_evaluation_mode_keeps_its_statistics_and_drops_nothing(name: str):
    generator = built(name)
    twin = copy.deepcopy(generator)
    for network in (generator, twin):
        network.encoder.eval()
    before = copy.deepcopy(generator.encoder.state_dict())
    once, twice = generator(photos()).features, generator(photos()).features
    assert all(torch.equal(a, b) for a, b in zip(once, twice, strict=True))
    assert all(torch.equal(value, before[key]) for key, value in generator.encoder.state_dict().items())
    in_training = twin.train()(photos()).features
    norms = [m for m in twin.encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    assert torch.equal(in_training[-1], once[-1]) == (not norms and "convnext" not in name)
    assert all(norm.num_batches_tracked == 1 for norm in norms)


@pytest.mark.parametrize("name", COLORIZING)
def test_each_part_can_be_frozen(name: str):
    generator = built(name)
    for part in (generator.encoder, generator.decoder, generator.head):
        assert part is not None
        generator.requires_grad_(True).zero_grad()
        part.requires_grad_(False)
        total(generator(photos())).backward()
        assert all((p.grad is None) == (not p.requires_grad) for p in generator.parameters())


@pytest.mark.parametrize("name", COLORIZING)
def test_a_detached_task_does_not_shape_the_encoder(name: str):
    generator = built(name)
    for task, own in (("colorization", generator.decoder), ("classification", generator.head)):
        assert own is not None
        generator.zero_grad()
        prediction = generator(photos(), detached=[task])
        output = prediction.ab if task == "colorization" else prediction.logits
        output.square().mean().backward()
        assert all(parameter.grad is None for parameter in generator.encoder.parameters())
        assert all(parameter.grad is not None for parameter in own.parameters())


@pytest.mark.parametrize("name", [name for name in CASES if "pooled" in name])
def test_sides_may_differ(name: str):
    generator = built(name).eval()
    prediction = generator(photos(1, 128, 64))
    assert prediction.ab.shape == (1, 2, 128, 64)
    assert prediction.logits.shape == (1, NUM_CLASSES)


@pytest.mark.parametrize("name", FEW)
def test_channels_last_and_bf16_change_only_the_rounding(name: str):
    generator = built(name).eval()
    expected = generator(photos())
    generator.to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        prediction = generator(photos().contiguous(memory_format=torch.channels_last))
        total(prediction).backward()
    torch.testing.assert_close(total(prediction), total(expected), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", COLORIZING)
def test_the_last_layer_is_what_the_colours_come_from(name: str):
    generator = built(name)
    last = generator.last_layer
    (gradient,) = torch.autograd.grad(generator(photos()).ab.square().mean(), last)
    assert gradient.abs().sum() > 0
    num_planes = 313 if "1.0" in name else 2
    assert num_planes in last.shape[:2]


@pytest.mark.parametrize("skips", [True, False])
def test_without_classes_there_is_no_head_and_no_branch(skips: bool):
    generator = small({"head": "fusion", "skips": skips}, num_classes=0)
    assert generator.head is None
    assert generator.encoder.branch is None
    assert generator(photos()).logits is None


def test_dropout_layers_are_of_the_kind_asked_for():
    def kinds(**model: Any) -> list[str]:
        decoder = small(model).decoder
        assert decoder is not None
        return [f"{type(m).__name__} {m.p}" for m in decoder.modules() if "Dropout" in type(m).__name__]

    assert kinds() == ["Dropout 0.5"] * 3
    assert kinds(channel_dropout=True, dropout=0.25) == ["Dropout2d 0.25"] * 3
    assert kinds(skips=False) == ["Dropout 0.5"] * 3
    assert kinds(dropout=0.0) == []


def compile_parts(generator: Colorizer, **options: Any) -> Colorizer:
    """In place and part by part, as a training does."""
    for part in (generator.encoder, generator.decoder, generator.head):
        assert part is not None
        part.compile(**options)
    return generator


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet-True-pooled", "resnet18-True-pooled"])
def test_compiled_generators_predict_the_same(name: str):
    generator = built(name)
    compiled = compile_parts(copy.deepcopy(generator))
    for network in (generator, compiled):
        network.train()
        torch.manual_seed(0)
        total(network(photos())).backward()
        network.eval()
    with torch.no_grad():
        torch.testing.assert_close(total(compiled(photos())), total(generator(photos())), rtol=0.02, atol=0.02)
    assert all(parameter.grad is not None for parameter in compiled.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("name", COLORIZING)
def test_one_graph_for_each_mode_is_all_there_is_to_compile(name: str):
    torch.compiler.reset()
    generator = compile_parts(built(name), backend="eager", fullgraph=True)
    for first in (True, False):
        with torch._dynamo.config.patch(error_on_recompile=not first):
            for training in (True, False):
                generator.train(training)
                generator(photos())
