"""What the quick look at a node finds, and how much memory the trials of a sweep take against each other."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from photos import Betons
from raylets import with_other_versions

from data.manifest import check_quick, manifest_path
from data.staged.bring import brought
from data.staged.parcel import beton_parcel
from data.staged.place import made_stage
from data.staged.sources import PathSource
from models.networks.generators import build_generator
from search.preflight.finding import Finding
from search.preflight.look import Photos, Question, look
from search.preflight.source import all_needed, code_hash, differing, results_depend_on
from search.spec.sweep_spec import SweepSpec, parse_spec
from search.worker.largest import largest_trial, training_bytes

ROOT = Path(__file__).parents[1]


@pytest.fixture
def question(betons: Betons, tmp_path: Path) -> Question:
    """One that a node can answer well."""
    proof = tmp_path / "storage" / ".proof"
    proof.parent.mkdir()
    proof.write_text("content")
    photos = Photos("val", betons.val, check_quick(betons.val).sha256, betons.val.stat().st_size)
    return Question(results_depend_on(), code_hash(), proof, "content", (photos,), staged=False)


def faults(question: Question) -> dict[str, Finding]:
    return {finding.subject: finding for finding in look(question) if finding.fault}


def test_node_that_has_all_is_well_and_nothing_is_left_in_the_storage(question: Question):
    assert faults(question) == {}
    assert [path.name for path in question.proof.parent.iterdir()] == [".proof"]


def test_storage_without_the_proof_or_with_another_is_not_the_drivers(question: Question):
    assert faults(replace(question, proof_content="another")).keys() == {"storage"}
    question.proof.unlink()
    assert "is not the driver's; name a folder that all nodes share" in str(faults(question)["storage"])


def test_photos_that_are_missing_or_others_are_told(question: Question, betons: Betons, tmp_path: Path):
    missing = replace(question.photos[0], path=tmp_path / "val.beton")
    fault = faults(replace(question, photos=(missing,)))["data, val"]
    assert "huetune cluster stage" in fault.fault
    others = replace(question.photos[0], path=betons.train)
    assert "another file than the driver's" in faults(replace(question, photos=(others,)))["data, val"].seen


def test_bytes_that_the_quick_check_does_not_see_are_seen_in_whole_files(question: Question, beton: Path):
    photos = replace(question.photos[0], path=beton)
    chunks = check_quick(beton).chunks
    with beton.open("r+b") as file:
        file.seek(chunks[0].offset + (1 << 16) + 1)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    check_quick(beton)
    assert faults(replace(question, photos=(photos,))) == {}
    assert faults(replace(question, photos=(photos,), whole_files=True)).keys() == {"data, val"}


def test_photos_that_trials_will_copy_need_room_alone(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HUETUNE_STAGE", str(tmp_path / "stage"))
    missing = replace(question.photos[0], path=tmp_path / "val.beton")
    (found,) = [one for one in look(replace(question, photos=(missing,), staged=True)) if one.subject == "data, val"]
    assert (found.verdict, found.mend) == ("note", "not here yet: copied before the first trial")
    huge = replace(missing, num_bytes=1 << 60)
    assert "make room" in faults(replace(question, photos=(huge,), staged=True))["data, val"].fault


def test_copy_on_the_node_stands_for_photos_that_it_does_not_see(
    question: Question, beton: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HUETUNE_STAGE", str(tmp_path / "stage"))
    with brought(made_stage(), beton_parcel(beton), PathSource(), lambda num_bytes: None, print):
        pass
    photos = replace(question.photos[0], path=beton)
    beton.unlink()
    manifest_path(beton).unlink()
    assert faults(replace(question, photos=(photos,))) == {}
    monkeypatch.setenv("HUETUNE_STAGE", str(tmp_path / "elsewhere"))
    assert faults(replace(question, photos=(photos,))).keys() == {"data, val"}


def test_packages_that_differ_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    expected = results_depend_on()
    assert expected.keys() >= {"python", "torch", "ffcv"}
    assert differing(expected) == ""
    monkeypatch.syspath_prepend(with_other_versions(tmp_path, torchmetrics="0.1")["PYTHONPATH"])
    assert differing(expected) == f"torchmetrics is 0.1, the driver has {expected['torchmetrics']}"
    assert differing({"nonesuch": "1"}) == "nonesuch is not installed, the driver has 1"


def test_all_that_our_packages_need_is_compared():
    found = all_needed()
    assert found.keys() >= {"numpy", "pydantic", "sympy"}
    assert not found.keys() & {"huetune", "pytest", "ruff"}


def test_code_is_compared_by_its_files(tmp_path: Path):
    for package in ("data", "models", "search"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.nb?"))
    assert code_hash(tmp_path) == code_hash()
    (tmp_path / "models" / "weights.py").write_text("")
    assert code_hash(tmp_path) != code_hash()


def test_gpu_that_ray_counts_and_the_driver_does_not_is_a_fault(question: Question):
    assert "GPUs" in faults(replace(question, num_gpus=99))


def spec(betons: Betons, space: dict[str, Any], **base: Any) -> SweepSpec:
    small = {"model": {"depth": 4, "width": 0.125}, "evaluation": {"fid_images": 0}}
    data = {"train": str(betons.train), "val": str(betons.val), "batch_size": 4}
    return parse_spec(
        {
            "name": "sizes",
            "data": data,
            "objectives": {"l1": "min"},
            "base": small | base,
            "space": space,
            "search": {"trials": 1},
        }
    )


@pytest.fixture
def manifests(betons: Betons) -> dict[str, Any]:
    return {"train": check_quick(betons.train), "val": check_quick(betons.val)}


def num_bytes(betons: Betons, manifests: dict[str, Any], **base: Any) -> int:
    return training_bytes(spec(betons, {}, **base).corner_configs[0], manifests)


def test_largest_trial_has_the_most_weights_and_activations(betons: Betons, manifests: dict[str, Any]):
    space = {"model.backbone": ["unet", "resnet18"], "model.width": {"uniform": [0.1, 0.2]}}
    choices, config = largest_trial(spec(betons, space), manifests)
    assert (config.model.backbone, config.model.width) == ("resnet18", 0.2)
    assert "model.backbone=resnet18" in choices
    batches = {"data.batch_size": [2, 16, 4]}
    assert largest_trial(spec(betons, batches), manifests)[1].data.batch_size == 16


def test_moving_average_takes_the_weights_once_more(betons: Betons, manifests: dict[str, Any]):
    config = spec(betons, {}).corner_configs[0]
    weights = sum(weight.numel() * 4 for weight in build_generator(config, 0, 32).parameters())
    grown = num_bytes(betons, manifests, optimizer={"ema_decay": 0.9}) - num_bytes(betons, manifests)
    assert grown == weights


def test_activations_grow_with_the_batch_and_shrink_with_its_parts(betons: Betons, manifests: dict[str, Any]):
    sizes = {
        size: training_bytes(spec(betons, {"data.batch_size": size}).corner_configs[0], manifests)
        for size in (4, 8, 12)
    }
    assert sizes[12] - sizes[8] == sizes[8] - sizes[4] > 0
    parts = spec(betons, {"data.batch_size": 8}, compute={"accumulation": 2}).corner_configs[0]
    assert training_bytes(parts, manifests) == sizes[4]


def test_more_losses_take_more(betons: Betons, manifests: dict[str, Any]):
    none, bce, wgan = (num_bytes(betons, manifests, loss={"adversarial": kind}) for kind in ("none", "bce", "wgan-gp"))
    assert none < bce
    assert bce < wgan
    assert num_bytes(betons, manifests, loss={"perceptual": 1.0}) > bce


@pytest.mark.slow
def test_process_whose_folder_was_deleted_can_import_torch(tmp_path: Path):
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        f"import os, shutil, sys; sys.path.insert(0, {str(ROOT)!r}); shutil.rmtree({str(gone)!r})\n"
        "from search.worker.own_folder import leave_vanished_folder\n"
        "leave_vanished_folder()\n"
        "import torch; print(float(torch.ones(8, 8).mm(torch.ones(8, 8)).sum()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.stdout == "512.0\n", done.stderr
