"""`huetune evaluate`: baselines and trials through the code that validates a training."""

import json
from pathlib import Path

import pytest
import torch
from photos import Betons
from rich.console import Console
from trained_sweeps import written_sweep
from typer.testing import CliRunner

from analysis.trained.evaluated import Evaluated
from analysis.trained.evaluation import EvaluationError, evaluate_baseline, evaluate_trained
from analysis.trained.source import load
from data.errors import HuetuneError
from data.manifest import read_manifest
from huetune import app

CHEAP = {"fid_images": 0}


def evaluated(sweep: Path, beton: Path, **settings: object) -> Evaluated:
    source = load(f"{sweep.name}:0", str(sweep.parent), torch.device("cpu"), Console(quiet=True))
    return evaluate_trained(source, beton, None, CHEAP | {"kid": False} | settings)


def test_baselines_come_out_in_their_order(betons: Betons):
    gray, random, truth = (
        evaluate_baseline(name, betons.val, betons.train, CHEAP).metrics for name in ("gray", "random", "truth")
    )
    assert truth["auc"] == truth["auc_rebalanced"] == 1
    assert truth["l1"] == 0
    assert max(gray["auc"], random["auc"]) < 1
    assert random["colourfulness_distance"] < gray["colourfulness_distance"]
    assert random == evaluate_baseline("random", betons.val, betons.train, CHEAP).metrics


def test_without_training_photos_nothing_is_said_of_rare_colours(betons: Betons):
    assert "auc_rebalanced" not in evaluate_baseline("gray", betons.val, None, CHEAP).metrics
    with pytest.raises(EvaluationError, match="--train"):
        evaluate_baseline("random", betons.val, None, CHEAP)


def test_trial_is_measured_with_its_own_classes_only(betons: Betons, tmp_path: Path):
    classes = list(read_manifest(betons.val).classes)
    own = evaluated(written_sweep(tmp_path / "own", betons, classes), betons.val)
    assert set(own.metrics) == {
        "l1", "psnr", "ssim", "auc", "auc_rebalanced", "colourfulness_distance", "accuracy", "macro_f1"
    }  # fmt: skip
    assert (own.num_photos, own.num_labelled, own.num_costly, own.metric_space) == (9, 9, 0, "lab01")
    sweep = written_sweep(tmp_path / "other", betons, ["x", "y", "z"])
    other = evaluated(sweep, betons.val, metric_space="rgb")
    assert set(own.metrics) - set(other.metrics) == {"accuracy", "macro_f1"}
    assert other.metrics["l1"] == own.metrics["l1"]
    assert other.metrics["ssim"] != own.metrics["ssim"]


def test_settings_that_do_not_fit_are_refused_in_one_line(betons: Betons):
    for settings, words in (({"fid_images": 1}, "at least 2"), ({"fid_images": 0, "kid": True}, "raise fid_images")):
        with pytest.raises(HuetuneError, match=words) as failed:
            evaluate_baseline("gray", betons.val, None, settings)
        assert "\n" not in str(failed.value)


def test_table_and_json_say_how_many_photos(betons: Betons):
    arguments = ["evaluate", "truth", "--data", str(betons.val), "--fid-images", "0"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "SSIM" in shown.output
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert found["num_photos"] == 9
    assert found["metrics"]["psnr"] == 100
    assert found["metrics"]["auc"] == 1
