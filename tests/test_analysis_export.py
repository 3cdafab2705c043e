"""Models that are taken out of their sweep."""

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from photos import Betons, make_photo
from PIL import Image
from rich.console import Console
from safetensors.torch import load_file
from trained_sweeps import written_sweep

from analysis.places import Place
from analysis.trained import exported
from analysis.trained.colorization import colorize_photos
from analysis.trained.evaluation import evaluate_trained
from analysis.trained.export import export_trial
from analysis.trained.exported import ExportError, read_export
from analysis.trained.source import load
from data.errors import HuetuneError
from models.training.checkpoint import load_checkpoint, load_generator
from search.records import trial_folder

CPU, QUIET = torch.device("cpu"), Console(quiet=True)
NAMES = ["README.md", "config.json", "model.safetensors"]
MODELS: dict[str, dict[str, Any]] = {
    "two tasks": {},
    "bins": {"model": {"backbone": "eccv16", "width": 0.125}, "loss": {"bins": 1.0, "l1": 0.0, "adversarial": "none"}},
    "backbone": {"model": {"backbone": "resnet18", "width": 0.125}},
}


@pytest.fixture
def sweep(betons: Betons, tmp_path: Path) -> Path:
    return written_sweep(tmp_path / "sweep", betons, ["brick", "leaf", "sail"])


@pytest.mark.parametrize("kind", MODELS)
def test_export_colorizes_as_its_checkpoint_to_the_bit(kind: str, betons: Betons, tmp_path: Path):
    sweep = written_sweep(tmp_path / "sweep", betons, ["brick", "leaf", "sail"], **MODELS[kind])
    out = export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    assert sorted(path.name for path in out.iterdir()) == NAMES
    make_photo("leaf", 3).save(tmp_path / "photo.jpg")
    colours = []
    for number, source in enumerate((str(out), "sweep:0", "sweep")):
        (written,) = colorize_photos([tmp_path / "photo.jpg"], source, str(tmp_path), tmp_path / str(number), QUIET)
        colours.append(Image.open(written).tobytes())
    assert colours[0] == colours[1] == colours[2]
    assert Image.open(written).convert("L").convert("RGB").tobytes() != colours[0]


def test_weights_and_buffers_come_back_whole(sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "", tmp_path / "model", QUIET)
    checkpoint = trial_folder(sweep, 0) / "checkpoints" / "last.pt"
    weights, tensors = load_checkpoint(checkpoint)["generator"], load_file(out / "model.safetensors")
    assert any(name.endswith("num_batches_tracked") for name in tensors)
    assert weights.keys() == tensors.keys()
    assert all(torch.equal(weights[name], tensors[name]) for name in weights)
    known, trained = read_export(out, CPU)
    assert (known.classes, trained.side, trained.num_classes) == (("brick", "leaf", "sail"), 32, 3)
    assert trained.config == load_generator(checkpoint, CPU).config


def test_export_is_measured_as_its_trial(sweep: Path, betons: Betons, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    cheap = {"fid_images": 0, "kid": False}
    found = [
        evaluate_trained(load(of, str(tmp_path), CPU, QUIET), betons.val, None, cheap) for of in (f"{out}", "sweep:0")
    ]
    assert found[0] == found[1]
    assert "accuracy" in found[0].metrics


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_export_again_changes_nothing(sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    (out / "LICENSE").write_text("mine")
    before = contents(out)
    assert export_trial(Place(sweep), "0", out, QUIET) == out
    assert contents(out) == before
    assert sorted(before) == ["LICENSE", *NAMES]


@pytest.mark.parametrize("changed", NAMES)
def test_another_export_is_refused_and_stays(changed: str, sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    content = (out / changed).read_bytes()
    (out / changed).write_bytes(content.replace(b"brick", b"tile") if changed == "config.json" else b"another")
    before = contents(out)
    with pytest.raises(
        ExportError, match=rf"model holds another export \({changed}\); remove it, or give another folder"
    ):
        export_trial(Place(sweep), "0", out, QUIET)
    assert contents(out) == before


def test_folder_with_something_else_is_refused(sweep: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "other"}')
    with pytest.raises(ExportError, match="other is not empty, and no export"):
        export_trial(Place(sweep), "0", tmp_path / "other", QUIET)
    with pytest.raises(ExportError, match=r"config\.json is a file"):
        export_trial(Place(sweep), "0", tmp_path / "other" / "config.json", QUIET)
    assert [path.name for path in tmp_path.rglob("*") if path.parent.name == "other"] == ["config.json"]


@pytest.mark.parametrize(
    "left",
    [
        [".partial/model.safetensors"],
        [".partial/config.json", "README.md", "model.safetensors"],
        [".partial/README.md", ".partial/config.json", "model.safetensors"],
    ],
)
def test_broken_off_export_is_told_and_can_be_repeated(left: list[str], sweep: Path, tmp_path: Path):
    out = tmp_path / "model"
    for name in left:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(b"half")
    with pytest.raises(HuetuneError, match=r"holds no exported model|was broken off there; export again"):
        load(str(out), str(tmp_path), CPU, QUIET)
    export_trial(Place(sweep), "0", out, QUIET)
    assert sorted(contents(out)) == NAMES
    assert load(str(out), str(tmp_path), CPU, QUIET).classes == ("brick", "leaf", "sail")


def test_export_onto_a_full_disk_leaves_nothing_half(sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, content: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(exported, "write_atomically", full)
        with pytest.raises(ExportError, match=r"cannot write into .*model \(No space left on device\)"):
            export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    assert list((tmp_path / "model").iterdir()) == []
    assert sorted(contents(export_trial(Place(sweep), "0", tmp_path / "model", QUIET))) == NAMES


def test_export_that_is_interrupted_can_be_repeated(sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target == tmp_path / "model" / "README.md":
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    assert sorted(contents(export_trial(Place(sweep), "0", tmp_path / "model", QUIET))) == NAMES


def test_damaged_export_is_refused_in_one_line(sweep: Path, tmp_path: Path):
    out = export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    weights = (out / "model.safetensors").read_bytes()
    (out / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    with pytest.raises(ExportError, match="is damaged") as failed:
        read_export(out, CPU)
    assert "\n" not in str(failed.value)
    (out / "config.json").unlink()
    with pytest.raises(ExportError, match="broken off"):
        read_export(out, CPU)


def test_source_is_a_folder_by_its_separator_or_its_weights(sweep: Path, tmp_path: Path, monkeypatch: Any):
    export_trial(Place(sweep), "0", tmp_path / "model", QUIET)
    monkeypatch.chdir(tmp_path)
    assert load("model", str(tmp_path / "elsewhere"), CPU, QUIET).classes == ("brick", "leaf", "sail")
    with pytest.raises(HuetuneError, match=r"\./sweep holds no exported model"):
        load("./sweep", str(tmp_path), CPU, QUIET)
    with pytest.raises(HuetuneError, match="has no trial '7'; it has 0 to 0"):
        load("sweep:7", str(tmp_path), CPU, QUIET)
