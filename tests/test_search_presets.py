"""The seeds' recipes: every preset is a configuration, with the numbers that its paper gives."""

from typing import Any

import pytest

from models.config.trial import TrialConfig
from search.spec.objectives import default_objectives
from search.spec.overrides import merged
from search.spec.preset import preset, presets
from search.spec.sweep_spec import parse_spec

UNETS = ("unet-gan-l1", "unet-gan-l1-class", "unet-wgan-l2-class")
BINS = ("bins-rebalanced-soft", "bins-rebalanced-onehot", "bins-plain", "bins-l2")
RESNETS = ("multitask-resnet18", "singletask-classifier-resnet18", "singletask-colorizer-resnet18")
CGANS = ("cgan-unet", "cgan-resnet18")


def config_of(name: str) -> TrialConfig:
    return TrialConfig.model_validate(merged(preset(name), {"data": {"train": "t", "val": "v"}} | added_to(name)))


def added_to(name: str) -> dict[str, str]:
    """What only the user can say."""
    return {"start_from": "last.pt"} if name == "discriminator-finetune" else {}


def losses(config: TrialConfig) -> dict[str, Any]:
    """The weights in force, and the adversarial objective."""
    weights = {name: config.loss.weight(name) for name in config.loss.task_losses}
    adversary = {config.loss.adversarial: config.loss.adversarial_weight} if config.loss.has_adversary else {}
    return weights | adversary


def test_every_seed_has_its_presets():
    assert set(presets()) == {*UNETS, *BINS, *RESNETS, *CGANS, "discriminator-finetune"}
    assert all(description.endswith(").") for description in presets().values())  # the paper's authors


@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_is_a_trial_configuration_and_survives_its_record(name: str):
    config = config_of(name)
    assert TrialConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_is_a_base_of_sweeps(name: str):
    spec = parse_spec(
        {
            "name": "x",
            "data": {"train": "t", "val": "v"},
            "objectives": default_objectives(config_of(name)),
            "base": name,
            "space": {"optimizer.generator_lr": {"log": [1e-5, 1e-3]}} | added_to(name),
            "search": {"trials": 2},
        }
    )
    assert spec.data.batch_size == config_of(name).data.batch_size


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("multitask-resnet18", {"l1": 100, "classification": 10, "bce": 1}),
        ("singletask-colorizer-resnet18", {"l1": 100, "bce": 1}),
        ("singletask-classifier-resnet18", {"classification": 1}),
        ("unet-gan-l1", {"l1": 100, "bce": 1}),
        ("unet-gan-l1-class", {"l1": 100, "classification": 0.003, "bce": 1}),
        ("unet-wgan-l2-class", {"l2": 1, "classification": 0.003, "wgan-gp": 0.1}),
        ("bins-rebalanced-soft", {"bins": 1}),
        ("bins-rebalanced-onehot", {"bins": 1}),
        ("bins-plain", {"bins": 1}),
        ("bins-l2", {"l2": 1}),
        ("cgan-unet", {"l1": 100, "bce": 1}),
        ("cgan-resnet18", {"l1": 100, "bce": 1}),
        ("discriminator-finetune", {"bins": 1, "bce": 0.1}),
    ],
)
def test_losses_of_each_preset(name: str, expected: dict[str, float]):
    assert losses(config_of(name)) == expected


@pytest.mark.parametrize("name", RESNETS)
def test_multitask_family_is_trained_frozen_then_whole(name: str):
    config = config_of(name)
    assert (config.model.backbone, config.model.pretrained, config.model.skips) == ("resnet18", True, False)
    frozen, unfrozen = config.phases
    assert (frozen.epochs, unfrozen.epochs, frozen.frozen_norm) == (30, 15, "eval")
    assert (frozen.learns("encoder"), unfrozen.learns("encoder")) == (False, True)
    assert (config.optimizer.generator_lr, config.optimizer.beta1, config.data.batch_size) == (2e-4, 0.5, 16)
    assert config.evaluation.per_epoch == 2
    assert config.model.head == ("pooled" if "classification" not in config.tasks else "flattened")


@pytest.mark.parametrize("name", UNETS)
def test_unets_with_a_class_branch(name: str):
    config = config_of(name)
    model, wgan = config.model, config.loss.adversarial == "wgan-gp"
    assert (model.backbone, model.depth, model.initialisation) == ("unet", 8, "xavier")
    assert (model.bottleneck_norm, model.channel_dropout, model.discriminator_bias) == (True, True, False)
    assert (model.head == "fusion") == ("classification" in config.tasks)
    assert (config.data.batch_size, config.data.normalisation, config.epochs) == (8, "ab128", 30)
    rate = 2e-5 if wgan else 2e-4
    optimizer = config.optimizer
    assert (optimizer.generator_lr, optimizer.discriminator_lr, optimizer.beta1) == (rate, rate, 0.5)
    assert optimizer.schedule == ("constant" if wgan else "cosine")
    assert wgan or optimizer.generator_lr * optimizer.final_lr_factor == pytest.approx(2e-6)
    assert config.loss.real_label == (1 if wgan else 0.9)
    assert (config.loss.critic_steps, config.loss.gradient_penalty) == ((5, 10) if wgan else (1, 10))
    assert (config.evaluation.metric_space, config.evaluation.eval_mode) == ("lab01", "train")


@pytest.mark.parametrize("name", BINS)
def test_bins(name: str):
    config = config_of(name)
    assert (config.model.backbone, config.model.initialisation, config.model.temperature) == ("eccv16", "kaiming", 0.38)
    assert (config.data.batch_size, config.data.crop) == (8, 176)
    optimizer = config.optimizer
    assert (optimizer.kind, optimizer.generator_lr, optimizer.weight_decay) == ("adam", 3e-5, 1e-3)
    assert (optimizer.beta1, optimizer.beta2, optimizer.schedule) == (0.9, 0.99, "constant")
    assert [phase.steps for phase in config.phases] == [15000]
    assert config.num_epochs(2112) == 57  # 2,512 photos without the 400 to validate on, 264 batches
    assert config.evaluation.classifier == "vgg16"


def test_bins_differ_in_targets_and_rebalancing():
    found = {name: (config_of(name).loss.bins_target, config_of(name).loss.rebalancing) for name in BINS[:3]}
    assert found == {
        "bins-rebalanced-soft": ("soft", 0.5),
        "bins-rebalanced-onehot": ("onehot", 0.5),
        "bins-plain": ("soft", None),
    }


@pytest.mark.parametrize("name", CGANS)
def test_cgans(name: str):
    config = config_of(name)
    assert (config.data.batch_size, config.data.normalisation, config.data.flip, config.epochs) == (
        16,
        "ab110",
        0.5,
        300,
    )
    optimizer = config.optimizer
    assert (optimizer.generator_lr, optimizer.discriminator_lr, optimizer.beta1, optimizer.beta2) == (
        2e-4,
        2e-4,
        0.5,
        0.999,
    )
    assert (config.model.initialisation, config.model.skips) == ("normal", True)
    assert config.model.pretrained == (name == "cgan-resnet18")
    assert config.evaluation.dropout_at_eval


def test_a_finished_colorizer_must_be_named():
    with pytest.raises(ValueError, match="set start_from to the checkpoint of another trial"):
        TrialConfig.model_validate(merged(preset("discriminator-finetune"), {"data": {"train": "t", "val": "v"}}))


def test_discriminator_comes_first_and_then_the_hardest_photos():
    config = config_of("discriminator-finetune")
    first, second = config.phases
    assert (first.trains, first.hardest) == (("discriminator",), None)
    assert (second.trains, second.hardest) == (("generator", "discriminator"), 500)
    assert config.model == config_of("bins-rebalanced-soft").model
