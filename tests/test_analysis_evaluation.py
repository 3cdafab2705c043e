"""`huetune evaluate`: baselines and trials through the code that validates a training."""

import json
from pathlib import Path

import pytest
import torch
from photos import Betons
from recorded_sweeps import write_sweep, write_trial
from typer.testing import CliRunner

from analysis.trained.evaluation import EvaluationError, evaluate_baseline, evaluate_trial
from data.errors import HuetuneError
from data.manifest import read_manifest
from huetune import app
from models.config.trial import TrialConfig
from models.networks.generators import build_generator
from models.training.checkpoint import LAST, checkpoint_path, save_checkpoint

CHEAP = {"fid_images": 0}


def written_sweep(folder: Path, betons: Betons, classes: list[str]) -> Path:
    """One complete trial of an untrained generator."""
    sections = {
        "data": {"train": betons.train, "val": betons.val, "batch_size": 4},
        "model": {"depth": 4, "width": 0.125},
        "loss": {"classification": 1.0},
        "evaluation": {"fid_images": 9, "kid": True, "metric_space": "lab01"},
    }
    config = TrialConfig.model_validate(sections)
    sweep = write_sweep(folder, val={"classes": classes})
    trial = write_trial(sweep, 0, [{"fid": 1.0, "accuracy": 0.5}])
    torch.manual_seed(0)
    generator = build_generator(config, 3, 32)
    content = {"config": config.model_dump_json(), "num_classes": 3, "side": 32, "generator": generator.state_dict()}
    save_checkpoint(checkpoint_path(trial / "checkpoints", LAST), content)
    return sweep


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
    own = evaluate_trial(
        written_sweep(tmp_path / "own", betons, classes), "0", betons.val, None, CHEAP | {"kid": False}
    )
    assert set(own.metrics) == {
        "l1", "psnr", "ssim", "auc", "auc_rebalanced", "colourfulness_distance", "accuracy", "macro_f1"
    }  # fmt: skip
    assert (own.num_photos, own.num_labelled, own.num_costly, own.metric_space) == (9, 9, 0, "lab01")
    sweep = written_sweep(tmp_path / "other", betons, ["x", "y", "z"])
    other = evaluate_trial(sweep, "0", betons.val, None, CHEAP | {"kid": False, "metric_space": "rgb"})
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
