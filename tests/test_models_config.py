"""Configurations that cannot be are refused when they are read, in one line that says how to mend them."""

from typing import Any

import pytest
from pydantic import ValidationError
from small_trials import SMALL, trial_config

ALONE = {"epochs": 1, "trains": ["discriminator"]}
WHOLE = {"epochs": 1}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": {"backbone": "resnet19"}}, "torchvision has no such classifier; did you mean resnet18?"),
        ({"model": {"backbone": "unet", "pretrained": True}}, "set pretrained to false"),
        ({"model": {"backbone": "resnet18", "width": 0.5, "pretrained": True}}, "width 1 only"),
        ({"model": {"backbone": "resnet18", "head": "fusion"}}, "branches off a unet of depth 6 or more"),
        ({"model": {"backbone": "eccv16", "skips": False}}, "remove skips"),
        (
            {"model": {"head": "fusion"}, "loss": {"l1": 0, "adversarial": "none", "classification": 1}},
            "no loss asks for colours to join",
        ),
        ({"loss": {"l1": 0, "adversarial": "none"}}, "nothing to learn"),
        ({"loss": {"weighting": "pcgrad"}}, "weighting pcgrad weighs two tasks"),
        ({"loss": {"l1": 0, "weighting": "uncertainty"}}, "has no loss to weigh"),
        ({"loss": {"adversarial_weight": "learned"}}, "can be negative, and a learned weight on it would then grow"),
        ({"loss": {"adversarial": "hinge", "real_label": 0.9}}, "hinge has no labels: set it to 1"),
        ({"loss": {"l1": 0, "adversarial_balance": "gradient-norm"}}, "needs a reconstruction loss to balance"),
        ({"loss": {"classification": 1, "teacher": "vgg16", "label_smoothing": 0.1}}, "set one of the two"),
        ({"loss": {"bins": 1}}, "loss.bins needs a network that predicts bins, and unet does not"),
        (
            {"model": {"backbone": "eccv16"}, "loss": {"l1": 0, "classification": 1, "adversarial": "none"}},
            "a colorizer",
        ),
        ({"phases": [WHOLE]}, "the phases have lengths of their own: remove epochs"),
        ({"epochs": None, "phases": [ALONE], "start_from": "a.pt"}, "no phase trains the generator"),
        ({"epochs": None, "phases": [ALONE, WHOLE]}, "a generator that has learned nothing: set start_from"),
        (
            {"epochs": None, "phases": [{"epochs": 1, "trains": ["decoder"], "without": ["l1", "adversarial"]}]},
            "phases.0 trains decoder, but no loss that is on reaches them",
        ),
        ({"epochs": None, "phases": [{"epochs": 1, "hardest": 9}]}, "no phase before it trains the discriminator"),
        (
            {"epochs": None, "phases": [{"epochs": 1, "trains": ["generator"]}]},
            "deceive a discriminator that has learned nothing (loss.adversarial is bce): add discriminator to trains",
        ),
        ({"loss": {"l1": float("inf")}}, "finite number"),
        ({"loss": {"teacher": "vgg16"}}, "nothing learns from it: set classification above 0"),
        ({"loss": {"adversarial_weight": 0}}, "greater than 0"),
        ({"data": SMALL["data"] | {"image_size": 40}}, "data.image_size is 40, but unet needs multiples of 16 px"),
        ({"data": SMALL["data"] | {"crop": 40}}, "data.crop is 40, but unet needs multiples of 16 px"),
        ({"compute": {"accumulation": 5}}, "more parts than a batch of 4 has photos: lower it"),
        ({"epochs": None, "phases": [WHOLE, ALONE], "loss": {"adversarial": "none"}}, "there is no discriminator"),
        (
            {"epochs": None, "phases": [{"epochs": 1, "hardest": 9}], "loss": {"adversarial": "none"}},
            "needs a discriminator to judge",
        ),
        ({"epochs": None, "phases": [{"epochs": 1, "trains": ["head"]}], "loss": {}}, "there is none: set loss.class"),
        (
            {"epochs": None, "phases": [{"epochs": 1, "without": ["l1", "adversarial"]}], "loss": {}},
            "no loss that is on reaches them",
        ),
        ({"epochs": None, "phases": [{}]}, "give either epochs or steps"),
        ({"epochs": None, "phases": [{"epochs": 1, "steps": 1}]}, "give either epochs or steps"),
        ({"epochs": None, "phases": [{"epochs": 1, "trains": []}]}, "trains is empty"),
        ({"epochs": None, "phases": [{"epochs": 1, "photos": 9, "hardest": 9}]}, "give one of them"),
        (
            {"epochs": None, "phases": [{"epochs": 1, "trains": ["decoder"], "learning_rates": {"encoder": 1e-4}}]},
            "learning_rates names encoder, which this phase does not train",
        ),
        ({"early_stopping": {"colorization": {"metric": "fid"}}}, "fid_images is 0: no fid to watch"),
        ({"early_stopping": {"colorization": {"metric": "lpips"}}}, "lpips is not set: no lpips to watch"),
        ({"early_stopping": {"classification": {"metric": "teacher_agreement"}}}, "with loss.teacher, and only then"),
        ({"evaluation": {"fid_images": 0, "kid": True}}, "raise fid_images"),
        ({"evaluation": {"fid_images": 1}}, "at least 2"),
    ],
)
def test_impossible_combination_is_named(changes: dict[str, Any], words: str):
    with pytest.raises(ValidationError) as caught:
        trial_config(**changes)
    (finding,) = caught.value.errors()
    assert words in finding["msg"]
    assert "\n" not in finding["msg"]


def test_tasks_are_those_that_a_loss_asks_for():
    assert trial_config().tasks == ("colorization", "classification")
    assert trial_config(loss={}).tasks == ("colorization",)
    assert trial_config(loss={"l1": 0}).tasks == ("colorization",)
    assert trial_config(loss={"l1": 0, "adversarial": "none", "classification": 1}).tasks == ("classification",)


def test_epochs_of_a_training_are_those_of_its_phases():
    assert trial_config().num_epochs(100) == 3
    phases = [{"epochs": 2}, {"steps": 30}, {"steps": 5, "hardest": 8}]
    # 25 batches of 4 in a pass over 100 photos, 2 in one over 8
    assert trial_config(epochs=None, phases=phases).num_epochs(100) == 2 + 2 + 3
