"""Models that are taken out of their sweep."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from photos import Betons, make_photo
from PIL import Image
from safetensors.torch import load_file
from trained_sweeps import written_sweep

from analysis.places import Place
from analysis.trained.colorization import colorize_photos
from analysis.trained.evaluation import evaluate_trained
from analysis.trained.export import export_trial
from analysis.trained.exported import ExportError, read_export
from analysis.trained.source import load
from data.errors import HuetuneError
from models.training.checkpoint import load_checkpoint, load_generator
from search import records
from search.recording import write_record
from search.records import read_trial, trial_folder

CPU = torch.device("cpu")
NAMES = ["README.md", "config.json", "model.safetensors"]
MODELS: dict[str, dict[str, Any]] = {
    "two tasks": {},
    "bins": {"model": {"backbone": "eccv16", "width": 0.125}, "loss": {"bins": 1.0, "l1": 0.0, "adversarial": "none"}},
    "backbone": {"model": {"backbone": "resnet18", "width": 0.125}},
}


@pytest.fixture
def sweep(betons: Betons, tmp_path: Path) -> Path:
    return written_sweep(tmp_path / "sweep", betons, ["brick", "leaf", "sail"])


def card(folder: Path) -> tuple[dict[str, Any], str]:
    _, front, text = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(front), text


@pytest.mark.parametrize("kind", MODELS)
def test_export_colorizes_as_its_checkpoint_to_the_bit(kind: str, betons: Betons, tmp_path: Path):
    sweep = written_sweep(tmp_path / "sweep", betons, ["brick", "leaf", "sail"], **MODELS[kind])
    out = export_trial(Place(sweep), "0", tmp_path / "model")
    assert sorted(path.name for path in out.iterdir()) == NAMES
    make_photo("leaf", 3).save(tmp_path / "photo.jpg")
    colours = []
    for number, source in enumerate((str(out), "sweep:0", "sweep")):
        (written,) = colorize_photos([tmp_path / "photo.jpg"], source, str(tmp_path), tmp_path / str(number))
        colours.append(Image.open(written).tobytes())
    assert colours[0] == colours[1] == colours[2]


def test_weights_and_buffers_come_back_whole(sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "", tmp_path / "model")
    checkpoint = trial_folder(sweep, 0) / "checkpoints" / "last.pt"
    weights, tensors = load_checkpoint(checkpoint)["generator"], load_file(out / "model.safetensors")
    assert any(name.endswith("num_batches_tracked") for name in tensors)
    assert weights.keys() == tensors.keys()
    assert all(torch.equal(weights[name], tensors[name]) for name in weights)
    exported, trained = read_export(out, CPU)
    assert (exported.classes, trained.side, trained.num_classes) == (("brick", "leaf", "sail"), 32, 3)
    assert trained.config == load_generator(checkpoint, CPU).config


def test_export_is_measured_as_its_trial(sweep: Path, betons: Betons, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model")
    cheap = {"fid_images": 0, "kid": False}
    found = [evaluate_trained(load(of, str(tmp_path), CPU), betons.val, None, cheap) for of in (f"{out}", "sweep:0")]
    assert found[0] == found[1]
    assert "accuracy" in found[0].metrics


def test_same_trial_gives_the_same_bytes_and_replaces_only_an_export(sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model")
    before = {name: (out / name).read_bytes() for name in NAMES}
    (out / "LICENSE").write_text("mine")
    export_trial(Place(sweep), "0", out)
    assert {name: (out / name).read_bytes() for name in NAMES} == before
    assert sorted(path.name for path in out.iterdir()) == ["LICENSE", *NAMES]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "other"}')
    with pytest.raises(ExportError, match="other is not empty, and no export"):
        export_trial(Place(sweep), "0", tmp_path / "other")


def test_damaged_export_is_refused_in_one_line(sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model")
    weights = (out / "model.safetensors").read_bytes()
    (out / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    with pytest.raises(ExportError, match="is damaged") as failed:
        read_export(out, CPU)
    assert "\n" not in str(failed.value)
    (out / "config.json").unlink()
    with pytest.raises(ExportError, match="broken off"):
        read_export(out, CPU)


def test_source_is_a_folder_by_its_separator_or_its_weights(sweep: Path, tmp_path: Path, monkeypatch: Any):
    export_trial(Place(sweep), "0", tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    assert load("model", str(tmp_path / "elsewhere"), CPU).classes == ("brick", "leaf", "sail")
    with pytest.raises(HuetuneError, match=r"\./sweep holds no exported model"):
        load("./sweep", str(tmp_path), CPU)
    with pytest.raises(HuetuneError, match="has no trial '7'; it has 0 to 0"):
        load("sweep:7", str(tmp_path), CPU)


def test_card_says_of_how_many_photos_each_value_is(sweep: Path, tmp_path: Path):
    found = records.Tested(
        metrics={"fid": 2.0, "psnr": float("inf")}, file="/x/test.beton", sha256="cd" * 32, num_photos=7,
        num_labelled=7, num_costly=5,
    )  # fmt: skip
    write_record(trial_folder(sweep, 0), found)
    assert read_trial(trial_folder(sweep, 0)).tested == found
    front, text = card(export_trial(Place(sweep), "0", tmp_path / "model"))
    val, test = front["model-index"][0]["results"]
    assert val["dataset"]["args"] == {"sha256": "ab" * 32, "num_photos": 9}
    assert [(one["type"], one["value"], one["args"]["n"]) for one in val["metrics"]] == [
        ("fid", 1.0, 9),
        ("accuracy", 0.5, 9),
    ]
    assert [(one["type"], one["args"]["n"]) for one in test["metrics"]] == [("fid", 5)]
    assert "license" not in front
    assert "| accuracy | 50.0 % | higher | labelled of 9 |" in text
    assert "| `loss.l1` | `50` |" in text


def test_words_of_users_stay_words(betons: Betons, tmp_path: Path):
    sweep = written_sweep(tmp_path / "sweep", betons, ["<b>|`x`", "a\nb", "c"])
    front, text = card(export_trial(Place(sweep), "0", tmp_path / "model"))
    known = json.loads((tmp_path / "model" / "config.json").read_text())
    assert (known["classes"], front["library_name"]) == (["<b>|`x`", "a\nb", "c"], "huetune")
    assert "`a b`" in text
