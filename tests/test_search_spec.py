"""Sweep files: what they mean, and one clear line for each mistake."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.errors import SpecError
from search.spec.points import enqueued_points
from search.spec.preset import presets
from search.spec.space import Assignment
from search.spec.sweep_spec import load_spec, parse_spec

README = Path(__file__).parent.parent / "search" / "README.md"
SWEEPS = Path(__file__).parent.parent / "search" / "sweeps"


PHASES = {"loss": {"classification": 1.0}, "phases": [{"epochs": 2}, {"epochs": 3}]}


def content(**changes: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": "multitask",
        "data": {"train": "train.beton", "val": "val.beton"},
        "objectives": {"fid": "min", "accuracy": "max"},
        "base": {"loss": {"classification": 1.0}},
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 8},
    }
    return spec | changes


def test_point_of_the_space_becomes_a_trial_configuration():
    spec = parse_spec(content(data={"train": "t", "val": "v", "batch_size": 4}, base={"loss": {"classification": 2.0}}))
    point: Assignment = {"loss.l1": 30.0, "early_stopping.classification.patience": 5}
    config = spec.trial_config(point)
    assert (config.data.batch_size, config.loss.l1, config.loss.classification) == (4, 30.0, 2.0)
    assert config.early_stopping.classification.patience == 5


def test_values_in_lists_are_searched_by_their_place():
    space = {"phases.0.epochs": {"int": [1, 4]}, "phases.1.learning_rates.encoder": {"log": [1e-6, 1e-3]}}
    config = parse_spec(content(base=PHASES, space=space)).trial_config(
        {"phases.0.epochs": 4, "phases.1.learning_rates.encoder": 1e-5}
    )
    assert [phase.epochs for phase in config.phases] == [4, 3]
    assert [phase.learning_rates for phase in config.phases] == [{}, {"encoder": 1e-5}]


def test_data_values_of_the_base_yield_to_the_specs_own():
    base = {"data": {"batch_size": 4, "flip": 0.25}, "loss": {"classification": 1.0}}
    spec = parse_spec(content(base=base, data={"train": "t", "val": "v", "flip": 0.75}))
    assert (spec.data.batch_size, spec.data.flip) == (4, 0.75)
    assert parse_spec(spec.model_dump(mode="json")) == spec


def test_base_may_change_a_preset():
    spec = parse_spec(
        content(
            objectives={"lpips": "min"},
            base={"base": "cgan-unet", "evaluation": {"lpips": "alex"}, "phases": [{"steps": 9}]},
            space={"loss.l1": {"log": [1, 300]}, "evaluation.fid_images": 8},
        )
    )
    config = spec.trial_config({"loss.l1": 5.0, "evaluation.fid_images": 8})
    assert (config.model.backbone, config.evaluation.lpips, config.evaluation.fid_images) == ("unet", "alex", 8)
    assert [phase.steps for phase in config.schedule] == [9]  # the preset's 300 epochs are replaced
    assert parse_spec(spec.model_dump(mode="json")) == spec


def test_judged_by_objectives_and_constraints():
    spec = parse_spec(content(objectives={"fid": "min"}, constraints=["accuracy >= 0.7", "fid <= 90"]))
    assert spec.judged_by == ("fid", "accuracy")


def test_data_paths_are_relative_to_the_file(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(content(data={"train": "photos/train.beton", "val": "~/val.beton"})))
    data = load_spec(path).data
    assert (data.train, data.val) == (tmp_path / "photos/train.beton", Path.home() / "val.beton")


def test_spec_survives_its_own_record():
    spec = parse_spec(content(base="cgan-unet", objectives={"fid": "min"}))
    assert parse_spec(spec.model_dump(mode="json")) == spec


def test_sweep_file_of_the_readme_can_be_read(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(README.read_text().split("```yaml")[1].split("```")[0])
    assert load_spec(path).search.trials == 200


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sweep_that_we_ship_can_be_read(path: Path):
    spec = load_spec(path)
    assert spec.name == path.stem
    assert len(enqueued_points(spec)) == len(spec.search.enqueue)
    lines = path.read_text().splitlines()
    assert path.stem == "demo" or any(line.startswith("# Photos: ") for line in lines)


def test_every_preset_is_in_one_of_our_sweeps():
    named: set[str] = set()
    for path in SWEEPS.glob("*.yaml"):
        named |= {name for name in presets() if name in re.findall(r"[\w-]+", path.read_text().partition("base:")[2])}
    assert named == set(presets())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serach": {}}, r"serach: unknown key; did you mean search\?"),
        ({"search": {"trails": 3}}, r"search\.trails: unknown key; did you mean trials\?"),
        ({"search": {"trials": 0}}, r"search\.trials: .*greater than or equal to 1 \(got 0\)"),
        ({"search": {"trials": 3, "sampler": "tqe"}}, r"search\.sampler: .*'tpe'.*; did you mean tpe\? \(got 'tqe'\)"),
        ({"space": {"loss.l1": {"loguniform": [1, 9]}}}, r"no range of the kind 'loguniform'; did you mean log\?"),
        ({"objectives": {"acc": "max"}}, r"unknown metric 'acc'; did you mean accuracy\?"),
        ({"space": {"loss.l11": [1, 2]}}, r"space: unknown key loss\.l11; did you mean loss\.l1\?"),
        (
            {"space": {"loss.l1": {"uniform": [-1, 1]}}},
            r"loss\.l1: .*greater than or equal to 0 \(got -1\.0\) \[with loss\.l1=-1\]",
        ),
        ({"space": {"model.backbone": ["unet", "vgg"]}}, r"model\.backbone: .*\(got 'vgg'\)"),
        ({"base": "cgan-unett"}, r"no preset 'cgan-unett'; did you mean cgan-unet\?"),
        ({"base": {"loss": {"gan": 1}}}, r"loss\.gan: unknown key"),
        ({"objectives": {"FID": "min"}}, r"unknown metric 'FID'; "),
        ({"objectives": {"fid": "max"}}, r"fid is to be max, but better is min"),
        ({"base": {}}, r"accuracy needs classification; set loss\.classification above 0"),
        ({"base": {"loss": {"classification": 1}, "evaluation": {"fid_images": 0}}}, "fid needs photos"),
        ({"space": {"evaluation.fid_images": [50, 100]}}, "fid_images must be the same for all trials"),
        ({"space": {"data.image_size": [64, 128]}}, "image_size must be the same for all trials"),
        ({"space": {"data.batch_size": {"uniform": [4, 8]}}}, r"data\.batch_size: .*valid integer"),
        (
            {"base": {"data": {"train": "t"}}},
            r"base: its data\.train would be overruled; name files under `data` alone",
        ),
        ({"base": {"data": 3}}, "base: its data are no values by name"),
        ({"base": {"data": {"corp": 64}}}, r"data\.corp: unknown key; did you mean crop\?"),
        ({"space": {"evaluation.metric_space": ["rgb", "lab01"]}}, "metric_space must be the same for all trials"),
        ({"space": {}}, "nothing to search in 8 trials"),
        ({"space": {"phases.0.epochs": [1, 2]}}, r"space: unknown key phases\.0\.epochs; there are no phases"),
        ({"base": PHASES, "space": {"phases.2.epochs": [1]}}, r"unknown key phases\.2\.epochs; there are 2 phases"),
        ({"base": PHASES, "space": {"phases.1.epoch": [1]}}, r"phases\.1\.epoch; did you mean phases\.1\.epochs\?"),
        ({"base": PHASES, "space": {"phases.1.epochs": [0]}}, r"phases\.1\.epochs: .*greater than or equal to 1"),
        ({"base": {"phases": [{"epoch": 1}]}}, r"phases\.0\.epoch: unknown key; did you mean epochs\?"),
        ({"data": {"val": "val.beton"}}, r"data\.train: missing"),
        ({"resources": {"gpu": 1.5}}, r"resources\.gpu: above 1 only whole GPUs can be given \(got 1\.5\)"),
        ({"pruning": {"grace": 101}}, r"pruning\.grace: 101 epochs leave nothing to prune in trials of 100"),
        ({"budget": {"gpu_hours": 1}}, r"budget\.gpu_hours: would never be spent"),
        ({"space": {"loss.l1": [1, 1]}}, "give each only once"),
        ({"base": {"loss": [1]}}, r"base\.loss is \[1\], no section; give its keys"),
        ({"data": None, "base": "cgan-unet"}, "data: is no section"),
        ({"name": "../x"}, r"name: '\.\./x' cannot be a sweep's name"),
        ({"name": "/srv/x"}, "cannot be a sweep's name"),
        ({"constraints": ["fid <= 20", "acuracy >= 1"]}, r"unknown metric acuracy; did you mean accuracy\?"),
        ({"constraints": ["kid <= 1"]}, r"constraints: kid is not measured; set evaluation\.kid"),
        ({"constraints": "fid <= 20"}, "constraints: is no list"),
        ({"budget": {"target": {"psnr": 30}}}, r"budget\.target: psnr is no objective; known: fid, accuracy"),
        ({"budget": {"target": {}}}, r"budget\.target: .*at least 1 item"),
        ({"pruning": {"kind": "asha", "metric": "l1"}}, r"pruning\.metric: l1 is no objective"),
        ({"pruning": {"interval": 3}}, "interval is not read by kind pareto-asha"),
        ({"search": {"trials": 3, "sampler": "grid"}}, r"space\.loss\.l1: \{log: \[1, 300\]\} has no end of values"),
        (
            {"search": {"trials": 3, "sampler": "grid"}, "space": {"loss.l1": [1, 2]}},
            r"search\.trials: 3 are more than the 2 points of the grid; lower it to 2",
        ),
        ({"search": {"trials": 3, "sampler": "cmaes"}}, "cmaes knows one objective, and there are 2"),
        (
            {
                "search": {"trials": 3, "sampler": "cmaes"},
                "objectives": {"fid": "min"},
                "space": {"loss.l1": {"log": [1, 9]}, "loss.adversarial": ["bce", "hinge"]},
            },
            r"cmaes knows ranges of numbers, and loss\.adversarial is a choice",
        ),
        ({"search": {"trials": 3, "storage": "mysql://h/d"}}, r"give journal, sqlite, or the URL of a database"),
        ({"search": {"trials": 3, "enqueue": [3]}}, "each is the name of a preset, or values by dotted path"),
        ({"resources": {"gpu": -1}}, r"resources\.gpu"),
    ],
)
def test_mistake_is_told_in_one_line(changes: dict[str, Any], words: str):
    with pytest.raises(Exception, match=words) as caught:
        parse_spec(content(**changes))
    assert "\n" not in str(caught.value)


POPULATION: dict[str, Any] = {
    "pruning": {"kind": "pbt", "interval": 2},
    "base": {"loss": {"classification": 1.0}, "epochs": 10},
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"space": {"loss.l1": {"log": [1, 9]}, "epochs": 8, "loss.classification": {"uniform": [1, 2]}}}, ""),
        (
            {"pruning": {"kind": "pb2", "interval": 10}},
            r"pruning\.interval: 10 epochs leave nothing to prune in trials of 10",
        ),
        ({"search": {"trials": 3}}, r"search\.trials: 3 are no population for pbt; give 4 or more"),
        (
            {"space": {"model.dropout": {"uniform": [0, 0.5]}}},
            r"model\.dropout: for pruning\.kind pbt it must be the same for all trials",
        ),
        ({"space": {"loss.l1": {"uniform": [0, 9]}}}, "it must be above 0, since a loss of weight 0 is left out"),
        ({"space": {"loss.l1": 3}, "search": {"trials": 1}}, "changes loss weights, and the space has none"),
        ({"space": {"loss.l1": [1, 2]}}, "must be a range of floats: give uniform or log"),
        (
            {
                "space": {
                    "loss.l1": {"log": [1, 9], "when": {"loss.adversarial": "bce"}},
                    "loss.adversarial": ["bce", "l1"],
                }
            },
            r"loss\.adversarial: for pruning\.kind pbt it must be the same|must exist in all trials",
        ),
        (
            {"base": {"loss": {"classification": 1.0, "weighting": "uncertainty"}, "epochs": 10}},
            "set loss.weighting to fixed",
        ),
    ],
)
def test_a_population_differs_in_what_can_change_while_it_trains(changes: dict[str, Any], words: str):
    if not words:
        parse_spec(content(**POPULATION | changes))
        return
    with pytest.raises(SpecError, match=words):
        parse_spec(content(**POPULATION | changes))


@pytest.mark.parametrize(
    ("storage", "refused"),
    [
        ("journal", False),
        ("sqlite", False),
        ("postgresql://ada@db.example/sweeps", False),
        ("postgresql+psycopg:///sweeps?host=/var/run/postgresql", False),
        ("postgresql://ada:hunter2@db.example/sweeps", True),
        ("postgresql://db.example/sweeps?password=hunter2", True),
        ("postgresql+psycopg://ada:hunter2@[db/sweeps", True),
    ],
)
def test_no_password_ends_in_the_records_or_in_the_message(storage: str, refused: bool):
    changes = {"search": {"trials": 3, "storage": storage}}
    if not refused:
        assert parse_spec(content(**changes)).search.storage == storage
        return
    with pytest.raises(SpecError, match="set PGPASSWORD") as caught:
        parse_spec(content(**changes))
    assert "hunter2" not in str(caught.value)
