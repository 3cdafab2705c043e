"""A sweep file says elsewhere what it says here."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.launch.portable import portable_spec, require_over_there
from search.errors import SweepError
from search.spec.sweep_spec import load_spec

SPEC: dict[str, Any] = {
    "name": "small",
    "data": {"train": "photos/train.beton", "val": "/else/val.beton", "test": "~/test.beton", "batch_size": 8},
    "objectives": {"l1": "min"},
    "base": {"epochs": 1, "evaluation": {"fid_images": 0}, "start_from": "runs/last.pt"},
    "space": {"loss.l1": {"log": [1, 300]}},
    "search": {"trials": 4, "warm_start": ["older", "../others/oldest"]},
}


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "here/spec.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(SPEC))
    return path


def test_paths_are_whole_and_a_home_folder_is_that_of_the_other_machine(spec_file: Path):
    sent = yaml.safe_load(portable_spec(spec_file))
    folder = spec_file.parent
    assert sent["data"]["train"] == f"{folder}/photos/train.beton"
    assert (sent["data"]["val"], sent["data"]["test"]) == ("/else/val.beton", "~/test.beton")
    assert sent["search"]["warm_start"] == ["older", f"{folder}/../others/oldest"]
    assert sent["base"]["start_from"] == str(Path.cwd() / "runs/last.pt")
    assert {name: sent[name] for name in ("name", "space", "objectives")} == {
        name: SPEC[name] for name in ("name", "space", "objectives")
    }


def test_read_elsewhere_it_is_the_same_sweep_with_the_values_set(spec_file: Path, tmp_path: Path):
    settings = ["search.trials=9", "data.val=val.beton", "space.loss.l1={log: [1e-5, 9]}", "base.loss.classification=0"]
    sent = tmp_path / "there/sweep.yaml"
    sent.parent.mkdir()
    sent.write_text(portable_spec(spec_file, settings))
    there, here = load_spec(sent), load_spec(spec_file, settings)
    assert there.corner_configs == here.corner_configs
    assert there.model_dump(exclude={"base"}) == here.model_dump(exclude={"base"})


def test_storage_has_to_be_a_place_that_others_can_have():
    require_over_there(Path("/storage/sweeps"))
    require_over_there(Path("~/sweeps"))
    with pytest.raises(SweepError, match="--storage sweeps is relative to a folder of this machine"):
        require_over_there(Path("sweeps"))
