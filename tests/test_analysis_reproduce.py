import base64
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from curve_sweeps import write_curve_sweep
from photos import Betons
from recorded_sweeps import NOON, write_sweep, write_trial
from sampled_sweeps import make_spec

from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.configurations import MAX_WHOLE, chosen_trials
from analysis.report.sections.reproduce import additions, recipe, reproduce_section
from data.manifest import read_manifest
from models.config.trial import TrialConfig
from search.control.typed import parse_settings
from search.driver.provenance import sweep_record
from search.recording import write_record
from search.records import TrialStart, read_sweep, trial_folder
from search.single.configuration import single_config


def test_a_recipe_is_a_file_that_train_takes_and_that_says_the_same(tmp_path: Path):
    sweep = read_sweep(write_curve_sweep(tmp_path / "curves", 8, pruning={"kind": "none"}))
    best = rank(sweep).ranked[0]

    found = recipe(best, sweep.record)
    saved = tmp_path / found.file
    saved.write_bytes(base64.b64decode(found.uri.partition("base64,")[2]))
    config = single_config(str(saved), {}, [])

    data = {"train": "/data/train.beton", "val": "/data/val.beton"}
    assert config == TrialConfig.model_validate(best.trial.config | {"data": data})
    assert found.command == f"huetune train {saved.name}"


def test_there_is_a_recipe_for_each_of_the_first(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    for number in range(4):
        write_trial(folder, number, [{"fid": 9.0 - number, "accuracy": 0.5}])
    sweep = read_sweep(folder)

    content = reproduce_section(Subject(sweep, rank(sweep), 2)).content

    assert [(one.place, one.trial) for one in content["recipes"]] == [(1, 3), (2, 2)]
    assert content["seeds"] == {"search.seed": 3}


def test_what_the_command_alone_does_not_bring_back_is_named_with_what_does(tmp_path: Path):
    data = {"test": {"file": "/x/a test.beton"}}
    folder = write_sweep(tmp_path / "sweep", data=data)
    values = {"loss.l1": 1e-05, "model.backbone": "unet", "on": True}
    write_start(folder, 0)
    write_start(folder, 1, origin="enqueued", note="search.enqueue", params=values)
    write_start(folder, 2, origin="enqueued", note="enqueued by me@here: a hunch", order="abc", params=values)
    assert [one.what for one in additions(read_sweep(folder))] == ["Trial 2, enqueued by me@here: a hunch"]
    for number, original in ((3, 0), (4, 0), (5, 2)):
        write_start(folder, number, origin="repeat", repeat_of=original)
    enqueued, repeated = additions(read_sweep(folder))
    *command, first, second, third = shlex.split(enqueued.command)
    assert command == ["huetune", "sweep", "enqueue", "sweep"]
    assert parse_settings([first, second, third]) == values
    assert repeated.what == "Trials 3, 4 and 5, new seeds for the best of that time"
    assert repeated.command == "huetune sweep finalists sweep --top 2 --seeds 2 --test '/x/a test.beton'"
    write_sweep(folder, data={})
    assert additions(read_sweep(folder))[1].command == "huetune sweep finalists sweep --top 2 --seeds 2"


def write_start(folder: Path, number: int, **fields: Any) -> None:
    start = {"params": {}, "config": {"seed": number}, "created": NOON} | fields
    write_record(trial_folder(folder, number), TrialStart(number=number, **start))


@pytest.mark.parametrize("program", ["/somewhere/huetune.py", "/usr/bin/huetune"])
def test_command_is_the_installed_one_however_it_was_started(
    program: str, betons: Betons, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "argv", [program, "sweep", "run", "my sweep.yaml"])
    spec = make_spec(data={"train": betons.train, "val": betons.val})
    manifests = {"train": read_manifest(betons.train), "val": read_manifest(betons.val)}
    assert sweep_record(spec, manifests).command == "huetune sweep run 'my sweep.yaml'"


def test_of_thousands_of_configurations_the_best_ranked_are_shown(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number in range(MAX_WHOLE + 5):
        write_trial(folder, number, [{"fid": 9.0 + number}], "complete" if number % 2 else "pruned")
    sweep = read_sweep(folder)

    chosen = [trial.number for trial in chosen_trials(Subject(sweep, rank(sweep), 5))]

    assert len(chosen) == MAX_WHOLE
    assert chosen == sorted(chosen)
    assert set(range(1, MAX_WHOLE + 5, 2)) <= set(chosen)
