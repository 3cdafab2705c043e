"""The model card: what it says of a trial of a search, and of a single training."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from recorded_sweeps import write_sweep, write_trial
from seeded_sweeps import write_run

from analysis.trained.card import model_card
from models.config.trial import TrialConfig
from search import records
from search.recording import write_record
from search.records import read_sweep, trial_folder

CONFIG = TrialConfig.model_validate(
    {"data": {"train": "train.beton", "val": "val.beton"}, "loss": {"classification": 1.0}}
)
VAL = {"sha256": "ab" * 32, "num_samples": 9, "fid_images": 8}


def card(folder: Path, number: int = 0) -> tuple[dict[str, Any], str]:
    """Its front matter, and the text below."""
    sweep = read_sweep(folder)
    (trial,) = (trial for trial in sweep.trials if trial.number == number)
    _, front, text = model_card(sweep, trial, CONFIG, 1000).split("---\n", 2)
    return yaml.safe_load(front), text


def searched(folder: Path, **val: Any) -> Path:
    sweep = write_sweep(folder, val=VAL | val)
    write_trial(sweep, 0, [{"fid": 1.0, "accuracy": 0.5}], params={"loss.l1": 50.0})
    return sweep


def test_each_value_says_of_how_many_photos_it_is(tmp_path: Path):
    sweep = searched(tmp_path / "sweep", num_labelled=7)
    found = records.Tested(
        metrics={"fid": 2.0, "psnr": float("inf"), "accuracy": 0.25, "classifier_top1": 0.5},
        file="/x/test.beton",
        sha256="cd" * 32,
        num_photos=20,
        num_labelled=4,
        num_costly=5,
    )
    write_record(trial_folder(sweep, 0), found)
    front, text = card(sweep)
    val, test = front["model-index"][0]["results"]
    assert val["dataset"]["args"] == {"sha256": "ab" * 32, "num_photos": 9}
    assert [(one["type"], one["value"], one["args"]["n"]) for one in val["metrics"]] == [
        ("fid", 1.0, 8),
        ("accuracy", 0.5, 7),
    ]
    assert [(one["type"], one["args"]["n"]) for one in test["metrics"]] == [
        ("fid", 5),
        ("accuracy", 4),
        ("classifier_top1", 4),
    ]
    assert "license" not in front
    assert "| accuracy | 50.0 % | higher | 7 |" in text
    assert "| `loss.l1` | `50` |" in text


def test_labels_that_were_not_counted_are_not_taken_for_all(tmp_path: Path):
    assert "| accuracy | 50.0 % | higher | labelled of 9 |" in card(searched(tmp_path / "sweep"))[1]


def test_new_seeds_stand_beside_with_their_test(tmp_path: Path):
    sweep = write_sweep(tmp_path / "sweep", val=VAL)
    write_run(sweep, 0, {"fid": 18.0, "accuracy": 0.8})
    for number, fid in ((1, 20.0), (2, 22.0)):
        values = {"fid": fid, "accuracy": 0.7}
        write_run(sweep, number, values, repeat_of=0, tested={"fid": fid + 10, "accuracy": 0.6})
    own, repeated = card(sweep)[1], card(sweep, 1)[1]
    assert "mean ± standard deviation of 2 runs, without this model, whose values chose it." in own
    assert "| FID | 21.00 ± 1.4 | 31.00 ± 1.4 |\n| accuracy | 70.0 ± 0.0 % | 60.0 ± 0.0 % |" in own
    assert f"`test.beton`, had no part in the search: 500, N of FID and KID 150, SHA-256 `{'99' * 32}`" in own
    assert "On the test photos, which" not in own
    assert "of 2 runs, this model among them." in repeated
    assert "On the test photos, which had no part in the search:\n\n| metric | value | better | N |" in repeated
    assert "| FID | 30.00 | lower | 150 |" in repeated


def test_trial_that_was_not_repeated_has_no_new_seeds(tmp_path: Path):
    assert "New seeds" not in card(searched(tmp_path / "sweep"))[1]


@pytest.mark.parametrize(("space", "of_search"), [({}, False), ({"loss.l1": {"log": [1, 300]}}, True)])
def test_single_training_is_not_taken_for_a_search(space: dict[str, Any], of_search: bool, tmp_path: Path):
    write_trial(write_sweep(tmp_path / "mine", val=VAL, spec={"space": space}), 0, [{"fid": 1.0, "accuracy": 0.5}])
    front, text = card(tmp_path / "mine")
    name = "mine, trial 0" if of_search else "mine"
    assert front["model-index"][0]["name"] == ("mine-0" if of_search else "mine")
    assert text.startswith(f"\n# {name}\n")
    assert ("search" in text) == of_search
    assert f"`{name}` (complete), seed 0, 1 epoch in 30 s." in text


def test_epochs_are_counted(tmp_path: Path):
    write_trial(write_sweep(tmp_path / "sweep"), 0, [{"fid": 1.0, "accuracy": 0.5}] * 2)
    assert ", 2 epochs in 60 s." in card(tmp_path / "sweep")[1]


def test_words_of_users_stay_words(tmp_path: Path):
    front, text = card(searched(tmp_path / "sweep", classes=["<b>|`x`", "a\nb", "c"]))
    assert front["library_name"] == "huetune"
    assert r"(`` <b>\|`x` ``, `a b`, `c`)" in text
