"""Sweep files: what they mean, and one clear line for each mistake."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from search.errors import SpecError
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
    assert load_spec(path).name == path.stem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serach": {}}, r"serach: unknown key; did you mean search\?"),
        ({"search": {"trails": 3}}, r"search\.trails: unknown key; did you mean trials\?"),
        ({"search": {"trials": 0}}, r"search\.trials: .*greater than or equal to 1 \(got 0\)"),
        ({"search": {"trials": 3, "sampler": "tqe"}}, r"search\.sampler: .*'tpe'.* \(got 'tqe'\)"),
        ({"space": {"loss.l11": [1, 2]}}, r"space: unknown key loss\.l11; did you mean loss\.l1\?"),
        (
            {"space": {"loss.l1": {"uniform": [-1, 1]}}},
            r"loss\.l1: .*greater than or equal to 0 \(got -1\.0\) \[with loss\.l1=-1\.0\]",
        ),
        ({"space": {"model.backbone": ["unet", "vgg"]}}, r"model\.backbone: .*\(got 'vgg'\)"),
        ({"base": "cgan-unett"}, r"no preset 'cgan-unett'; did you mean cgan-unet\?"),
        ({"base": {"loss": {"gan": 1}}}, r"loss\.gan: unknown key"),
        ({"objectives": {"FID": "min"}}, r"unknown metric FID; "),
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
        ({"name": "../x"}, "cannot be a sweep's name"),
        ({"resources": {"gpu": -1}}, r"resources\.gpu"),
    ],
)
def test_mistake_is_told_in_one_line(changes: dict[str, Any], words: str):
    with pytest.raises(Exception, match=words) as caught:
        parse_spec(content(**changes))
    assert "\n" not in str(caught.value)


def test_file_that_is_no_spec_is_named(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    with pytest.raises(SpecError, match="no sweep file"):
        load_spec(path)
    path.write_text("name: [unclosed")
    with pytest.raises(SpecError, match=r"sweep\.yaml cannot be read as YAML"):
        load_spec(path)
    path.write_text("name: a\nsearch: {trials: 1}\nname: b\n")
    with pytest.raises(SpecError, match="name stands twice in the mapping at line 1"):
        load_spec(path)
    path.write_text("just words")
    with pytest.raises(SpecError, match="not the sections of a sweep"):
        load_spec(path)
