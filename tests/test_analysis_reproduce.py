import base64
from pathlib import Path

from curve_sweeps import write_curve_sweep
from recorded_sweeps import write_sweep, write_trial

from analysis.ranking.rank import rank
from analysis.report.section import Subject
from analysis.report.sections.configurations import MAX_WHOLE, chosen_trials
from analysis.report.sections.reproduce import recipe, reproduce_section
from models.config.trial import TrialConfig
from search.records import read_sweep
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


def test_of_thousands_of_configurations_the_best_ranked_are_shown(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep", {"fid": "min"})
    for number in range(MAX_WHOLE + 5):
        write_trial(folder, number, [{"fid": 9.0 + number}], "complete" if number % 2 else "pruned")
    sweep = read_sweep(folder)

    chosen = [trial.number for trial in chosen_trials(Subject(sweep, rank(sweep), 5))]

    assert len(chosen) == MAX_WHOLE
    assert chosen == sorted(chosen)
    assert set(range(1, MAX_WHOLE + 5, 2)) <= set(chosen)
