"""The networks against the papers' parameter counts, and the contract that every generator keeps."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from models.backbones import GENERATORS, build_generator
from models.class_branch import ClassificationHead
from models.colorizer import Colorizer
from models.config import ModelConfig
from models.patchgan import PatchGAN
from models.resnet_unet import ResNetEncoder


def num_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def small(backbone: str, num_classes: int = 3) -> Colorizer:
    torch.manual_seed(0)
    config = ModelConfig.model_validate({"backbone": backbone, "width": 0.125, "depth": 5, "dropout": 0.0})
    return build_generator(config, num_classes)


def test_parameter_counts_are_those_of_the_papers():
    unet = build_generator(ModelConfig(backbone="unet"), 0)
    resnet = build_generator(ModelConfig(backbone="resnet18"), 0)
    assert (num_parameters(unet.encoder), num_parameters(unet.decoder)) == (19_536_128, 34_874_242)
    assert (num_parameters(resnet.encoder), num_parameters(resnet.decoder)) == (11_176_512, 3_544_066)
    assert num_parameters(ClassificationHead(512, 5)) == 518_005
    assert num_parameters(PatchGAN(1.0, normalised=True)) == 2_765_633


@pytest.mark.parametrize("backbone", GENERATORS)
def test_generator_predicts_ab_and_logits_and_every_layer_learns(backbone: str):
    generator = small(backbone)
    prediction = generator(torch.randn(2, 1, 64, 32))
    assert prediction.ab.shape == (2, 2, 64, 32)
    assert prediction.ab.abs().max() <= 1
    assert prediction.logits is not None
    assert prediction.logits.shape == (2, 3)
    (prediction.ab.square().mean() + prediction.logits.square().mean()).backward()
    assert all(parameter.grad is not None for parameter in generator.parameters())


@pytest.mark.parametrize("backbone", GENERATORS)
def test_detached_task_does_not_shape_the_encoder(backbone: str):
    generator = small(backbone)
    generator(torch.randn(2, 1, 32, 32), detached=["colorization", "classification"]).ab.sum().backward()
    assert all(parameter.grad is None for parameter in generator.encoder.parameters())
    assert any(parameter.grad is not None for parameter in generator.decoder.parameters())


@pytest.mark.parametrize("backbone", GENERATORS)
def test_generator_without_classes_has_no_head(backbone: str):
    assert small(backbone, num_classes=0)(torch.randn(2, 1, 32, 32)).logits is None


def test_resnet_encoder_computes_what_torchvision_computes():
    torch.manual_seed(0)
    reference = resnet18().eval()
    encoder = ResNetEncoder("resnet18", width=1.0).eval()
    encoder.load_state_dict({k: v for k, v in reference.state_dict().items() if not k.startswith("fc.")})
    lightness = torch.randn(1, 1, 64, 64)
    seen: list[Tensor] = []
    reference.layer4.register_forward_hook(lambda module, inputs, output: seen.append(output))
    reference(lightness.expand(-1, 3, -1, -1))
    torch.testing.assert_close(encoder(lightness)[-1], seen[0])


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
    critic = PatchGAN(0.25, normalised=False)
    images = torch.randn(4, 3, 64, 64)
    together = critic(images[:, :1], images[:, 1:])
    alone = torch.cat([critic(image[None, :1], image[None, 1:]) for image in images])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
