"""Configurations that cannot be trained on the data are refused before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import torch
from photos import Betons

from data.manifest import read_manifest
from models.config.trial import TrialConfig
from models.fit import MIN_SIDE, FitError, check_fit
from models.networks.patchgan import PatchGAN

TRAIN_MODE = {"eval_mode": "train"}


def trial(betons: Betons, **changes: Any) -> TrialConfig:
    base: dict[str, Any] = {"data": {"train": betons.train, "val": betons.val, "batch_size": 8}, "model": {"depth": 5}}
    return TrialConfig.model_validate({**base, **changes})


def check(config: TrialConfig, betons: Betons, **val: Any) -> None:
    manifests = {name: read_manifest(beton) for name, beton in config.data.files.items()}
    check_fit(config, manifests | {"val": manifests["val"].model_copy(update=val)})


def test_fitting_configuration_passes(betons: Betons):
    check(trial(betons, loss={"classification": 1}), betons)


def test_misfits_are_named(betons: Betons):
    data = {"train": betons.train, "val": betons.val}
    for changes, words in [
        ({"model": {"depth": 6}}, "multiples of 64 px"),
        ({"data": {**data, "image_size": 64}}, "photos of 32 px are stored"),
        ({"data": {**data, "crop": 64}}, r"data\.crop is 64, but photos of 32 px are read"),
        (
            {
                "data": {**data, "crop": 16},
                "model": {"depth": 4, "head": "flattened"},
                "loss": {"classification": 1, "adversarial": "none"},
            },
            "a flattened head takes photos of one size",
        ),
        ({"data": {**data, "batch_size": 1}, "model": {"depth": 5, "bottleneck_norm": True}}, "one value to normalise"),
        (
            {
                "data": {**data, "batch_size": 8},
                "model": {"depth": 5, "bottleneck_norm": True},
                "evaluation": TRAIN_MODE,
            },
            "the last validation batch has one photo",
        ),
        ({"phases": [{"epochs": 1, "photos": 4}]}, r"the 4 photos of phases\.0 fill no batch of 8"),
        ({"data": {**data, "batch_size": 25}}, "the 24 photos of data.train fill no batch, which takes 25"),
    ]:
        with pytest.raises(FitError, match=words):
            check(trial(betons, **changes), betons)


def test_data_that_do_not_belong_together_are_refused(betons: Betons):
    with pytest.raises(FitError, match="different classes"):
        check(trial(betons), betons, classes=("a", "b"))
    with pytest.raises(FitError, match=r"different sizes \(train 32 px, val 48 px\)"):
        check(trial(betons), betons, size=48)


def test_validation_on_training_photos_is_refused(betons: Betons):
    with pytest.raises(FitError, match=r"24 photos of data\.val are in data\.train too"):
        check(trial(betons, data={"train": betons.train, "val": betons.train, "batch_size": 8}), betons)


def test_unlabelled_photos_must_fit_too(betons: Betons):
    data = {"train": betons.train, "val": betons.val, "unlabelled": betons.val, "unlabelled_share": 0.5}
    with pytest.raises(FitError, match=r"9 photos of data\.val are in data\.unlabelled too"):
        check(trial(betons, data={**data, "batch_size": 8}), betons)
    with pytest.raises(FitError, match=r"the 9 photos of data\.unlabelled fill no batch, which takes 10"):
        check(trial(betons, data={**data, "batch_size": 20}), betons)


def test_smallest_photos_are_those_that_the_discriminator_takes():
    critic = PatchGAN(0.125, normalised=False)
    assert critic(torch.zeros(1, 1, MIN_SIDE, MIN_SIDE), torch.zeros(1, 2, MIN_SIDE, MIN_SIDE)).shape == (1, 1, 1, 1)
    with pytest.raises(RuntimeError, match="Kernel size"):
        critic(torch.zeros(1, 1, MIN_SIDE - 8, MIN_SIDE - 8), torch.zeros(1, 2, MIN_SIDE - 8, MIN_SIDE - 8))


def test_missing_photos_have_no_default(betons: Betons, tmp_path: Path):
    with pytest.raises(ValueError, match="val"):
        TrialConfig.model_validate({"data": {"train": tmp_path}})
