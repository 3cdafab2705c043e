"""Trials on copies of their photos, what is copied for a sweep, and which nodes are preferred."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from photos import Betons
from recorded_sweeps import write_sweep
from small_trials import same

from data.manifest import check_quick
from data.staged.bring import brought
from data.staged.errors import NoRoomError, StagingError
from data.staged.parcel import Parcel, beton_parcel, weights_parcel
from data.staged.place import made_stage
from data.staged.sources import PathSource
from data.staged.stage import Stage
from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from search.recording import write_record
from search.records import TrialStart, trial_folder
from search.spec.sweep_spec import parse_spec
from search.staging.on_node import Staging
from search.staging.placement import Holders
from search.staging.plan import parcels_of
from search.worker.local_photos import local_photos
from search.worker.outcome import outcome_of
from search.worker.training import run_training

CPU = torch.device("cpu")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("HUETUNE_STAGE", str(tmp_path / "node"))
    return made_stage()


@pytest.fixture
def shared(betons: Betons, tmp_path: Path) -> Betons:
    """The photos in a folder of this test's, which may vanish."""
    shutil.copytree(betons.train.parent, tmp_path / "shared")
    return Betons(tmp_path / "shared/train.beton", tmp_path / "shared/val.beton")


def copied(stage: Stage, parcel: Parcel) -> Path:
    with brought(stage, parcel, PathSource(), lambda _: None, print) as done:
        return done.file


def new_trial(storage: Path, data: Betons) -> Path:
    files = {"train": data.train, "val": data.val}
    known = {name: {"file": str(path), "sha256": check_quick(path).sha256} for name, path in files.items()}
    content = {"data": files | {"batch_size": 8}, "evaluation": {"fid_images": 0, "samples": 2}, "epochs": 2}
    config = TrialConfig.model_validate(content | {"model": {"width": 0.125, "depth": 4}})
    folder = trial_folder(write_sweep(storage, data=known), 0)
    values = config.model_dump(mode="json")
    write_record(folder, TrialStart(number=0, params={}, config=values, created=datetime.now(UTC)))
    return folder


def trained(folder: Path, bring: Callable[[], None] | None = None) -> tuple[list[Evaluation], Any]:
    torch.set_num_threads(1)
    evaluations = [one.model_copy(update={"seconds": 0.0}) for one in run_training(folder, CPU, bring)]
    return evaluations, torch.load(folder / "checkpoints/last.pt", weights_only=True)


@pytest.mark.slow
def test_trial_is_the_same_to_the_bit_on_copies(shared: Betons, stage: Stage, tmp_path: Path):
    evaluations, checkpoint = trained(new_trial(tmp_path / "without", shared))
    folder = new_trial(tmp_path / "with", shared)
    parcels = (beton_parcel(shared.train), beton_parcel(shared.val))

    def bring() -> None:
        Staging(parcels, "nobody").bring(lambda about, text: None)
        shutil.rmtree(shared.train.parent)  # nothing but the copies is left

    on_copies, last = trained(folder, bring)
    assert on_copies == evaluations
    assert last["config"] == checkpoint["config"]
    for content in (last, checkpoint):
        timeless(content)
    assert same(last, checkpoint)
    assert str(stage.folder) not in (folder / "trial.json").read_text()


def timeless(content: dict[str, Any]) -> None:
    """Leave out what clocks have to say."""
    for name in [name for name in content if "second" in name or name == "history"]:
        del content[name]


def test_copies_are_used_where_there_are_some(shared: Betons, stage: Stage, tmp_path: Path):
    record = record_of(new_trial(tmp_path / "sweep", shared))
    files = {"train": shared.train, "val": shared.val}
    with local_photos(files, record) as found:
        assert found == files
    copy = copied(stage, beton_parcel(shared.train))
    with local_photos(files, record) as found:
        assert found == {"train": copy, "val": shared.val}


def record_of(trial: Path) -> Any:
    from search.records import read_sweep_record

    return read_sweep_record(trial.parent.parent)


def test_damaged_copy_is_deleted_and_not_used(shared: Betons, stage: Stage, tmp_path: Path):
    record = record_of(new_trial(tmp_path / "sweep", shared))
    for offset, whole in ((10, False), (70_000, True)):  # the second is between the stretches of the quick check
        copy = copied(stage, beton_parcel(shared.train))
        flip(copy, offset)
        with local_photos({"train": shared.train}, record, whole=whole) as found:
            assert found == {"train": shared.train}
        assert not copy.exists()


def flip(file: Path, offset: int) -> None:
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.write_bytes(content)


def test_trials_read_the_shared_file_where_no_copy_can_be_made(
    shared: Betons, stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("data.staged.room.free_bytes", lambda _: 1000)
    parcel, told = beton_parcel(shared.train), {}
    Staging((parcel,), "nobody").bring(told.setdefault)
    (notice,) = told.values()
    assert notice.startswith("no room on ")
    assert notice.endswith(f"; trials there read {shared.train} itself")
    shared.train.unlink()
    with pytest.raises(StagingError, match=r"sees no .*train\.beton, and the driver serves it no more"):
        Staging((parcel,), "nobody").bring(told.setdefault)


def test_full_disk_is_the_cause_where_there_is_no_other_file():
    outcome = outcome_of(NoRoomError("no room on node7"))
    assert (outcome.state, outcome.cause, outcome.reason) == ("failed", "full-disk", "NoRoomError: no room on node7")


def test_all_files_of_a_sweep_are_copied_each_once(betons: Betons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checkpoints = tmp_path / "hub/checkpoints"
    checkpoints.mkdir(parents=True)
    for name in ("resnet18-f37072fd.pth", "vgg16-397923af.pth", "mine.pth"):
        (checkpoints / name).write_bytes(name.encode())
    spec = parse_spec(
        {
            "name": "small",
            "data": {"train": str(betons.train), "val": str(betons.val)},
            "objectives": {"fid": "min"},
            "base": {
                "start_from": str(checkpoints / "mine.pth"),
                "model": {"backbone": "resnet18", "pretrained": True},
                "evaluation": {"fid_weights": str(checkpoints / "mine.pth"), "classifier": "vgg16", "lpips": "vgg"},
            },
            "space": {"loss.l1": {"log": [1, 300]}},
            "search": {"trials": 4},
        }
    )
    assert [(parcel.name, parcel.origin) for parcel in parcels_of(spec)] == [
        ("train.beton", ""),
        ("val.beton", ""),
        ("mine.pth", str(checkpoints / "mine.pth")),
        ("resnet18-f37072fd.pth", "resnet18-f37072fd.pth"),
        ("vgg16-397923af.pth", "vgg16-397923af.pth"),
    ]


def test_weights_of_a_node_without_them_are_its_copies(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from models.weights import load_state

    weight = {"weight": torch.arange(3.0)}
    torch.save(weight, tmp_path / "resnet18-f37072fd.pth")
    torch.save(weight, tmp_path / "mine.pth")
    for name in ("resnet18-f37072fd.pth", str(tmp_path / "mine.pth")):
        copied(stage, weights_parcel(tmp_path / Path(name).name, name))
        (tmp_path / Path(name).name).unlink()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    assert same(load_state("resnet18"), weight)
    assert same(load_state("resnet18", tmp_path / "mine.pth"), weight)


def test_trials_are_sent_to_nodes_with_copies_as_long_as_these_have_room():
    holders = Holders({"a": 2, "b": 1})
    assert [holders.take() for _ in range(5)] == ["a", "a", "b", "", ""]
    holders.give_back("b")
    holders.give_back("")
    assert [holders.take() for _ in range(2)] == ["b", ""]
    assert Holders({}).take() == ""
