"""Mistakes in a sweep file are told with their lines."""

from pathlib import Path

import pytest

from search.errors import SpecError
from search.spec.sweep_spec import load_spec, parse_spec

FILE = """\
name: lines
data:
  train: train.beton
  val: val.beton
objectives: {fid: min}
base: cgan-unet
space:
  loss.l1:
    log: [1, 300]
  loss.l2: {uniform: [0, 1],
    step: 0.5}
search:
  trials: 8
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("log: [1, 300]", "log: [300, 1]", r", line 8: space\.loss\.l1: has the range \[300, 1\]"),
        ("step: 0.5", "step: 0.3", r", line 10: space\.loss\.l2: has the step 0\.3"),
        ("trials: 8", "trails: 8", r": search\.trials: missing; add it; line 13: search\.trails: unknown key"),
        ("trials: 8", "trials: 0", r", line 13: search\.trials: .*greater than or equal to 1"),
        ("fid: min", "fdi: min", r", line 5: objectives: unknown metric 'fdi'"),
        ("loss.l2", "loss.l22", r", line 10: space: unknown key loss\.l22"),
        (
            "log: [1, 300]",
            "log: [1, 300]\n  model.depth: 11",
            r", line 10: no trial can be built: model\.depth: .*got 11",
        ),
        ("base: cgan-unet", "base: cgan-unett", r", line 6: base: no preset 'cgan-unett'"),
        (
            "base: cgan-unet",
            "base: {base: cgan-unet, model: {widht: 1}}",
            r", line 6: no trial.* model\.widht: unknown",
        ),
        ("train: train.beton", "train: train.beton\n  image_size: 8", r", line 4: data\.image_size: .*greater than"),
        ("train: train.beton", "train: train.beton\n  image_size: 100", r", line 4: .*data\.image_size is 100"),
        ("trials: 8", "trials: 8\nconstraints:\n- fid < 3", r", line 15: constraints: 'fid < 3' is none"),
        ("trials: 8", "trials: 8\n  trials: 9", r"trials stands twice, in line 13 and in line 14"),
        ("fid: min", "fid: [min", r", line \d+: cannot be read as YAML: while parsing"),
        ("fid: min", "fid: !!python/none min", r", line 5: cannot be read as YAML: a tag"),
    ],
)
def test_mistake_is_told_with_its_line(tmp_path: Path, before: str, after: str, words: str):
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE.replace(before, after, 1))
    with pytest.raises(SpecError, match=rf"sweep\.yaml.*{words}") as caught:
        load_spec(path)
    assert "\n" not in str(caught.value)


def test_each_of_several_mistakes_has_its_line(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE + "  sampler: tpee\nbudget: {huors: 3}\n")
    with pytest.raises(
        SpecError, match=r"sweep\.yaml, line 14: search\.sampler: .*; line 15: budget\.huors: unknown key"
    ):
        load_spec(path)


def test_value_of_a_preset_has_no_line_but_a_name(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE.replace("base: cgan-unet", "base: {base: multitask-resnet18, epochs: 3}"))
    with pytest.raises(SpecError, match=r"sweep\.yaml, line 6: no trial can be built: epochs is 3"):
        load_spec(path)
    path.write_text(FILE.replace("base: cgan-unet", "base: unet-gan-l1"))
    with pytest.raises(
        SpecError, match=r"sweep\.yaml, preset unet-gan-l1: no trial can be built: loss: real_label is 0\.9"
    ):
        load_spec(path, ["space.loss.adversarial=[hinge]"])
    with pytest.raises(SpecError, match=r"sweep\.yaml, --set data\.crop=8: data\.crop: Input should be greater"):
        load_spec(path, ["data.crop=8"])


def test_merged_and_repeated_values_keep_their_lines(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE + "  <<: &more {seed: -1}\n  sampler: tpe\n")
    with pytest.raises(SpecError, match=r"sweep\.yaml, line 14: search\.seed"):
        load_spec(path)
    path.write_text("name: &a [*a]\n")
    with pytest.raises(SpecError, match="contains itself"):
        load_spec(path)


def test_settings_come_before_what_the_file_says(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE)
    spec = load_spec(path, ["search.trials=50", "space.loss.l1={log: [1, 10]}", "base.epochs=9", "name=other"])
    assert (spec.name, spec.search.trials, spec.base["epochs"]) == ("other", 50, 9)
    assert str(spec.parsed_space.by_path["loss.l1"].range) == "{log: [1, 10]}"
    assert parse_spec(spec.model_dump(mode="json")) == spec
    with pytest.raises(SpecError, match=r"sweep\.yaml, --set search\.trials=0: search\.trials: "):
        load_spec(path, ["search.trials=0"])
    with pytest.raises(SpecError, match=r"sweep\.yaml, --set space\.loss\.l1=9: no trial can be built: .*loss\.l2|l1"):
        load_spec(path, ["space.loss.l1=-9"])


def test_numbers_are_numbers_and_dates_are_text(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE.replace("lines", "2026-11-20").replace("[1, 300]", "[1e-6, 1e-3]"))
    spec = load_spec(path)
    assert (spec.name, spec.space["loss.l1"]) == ("2026-11-20", {"log": [1e-6, 1e-3]})


def test_file_that_is_no_spec_is_named(tmp_path: Path):
    path = tmp_path / "sweep.yaml"
    with pytest.raises(SpecError, match="no sweep file"):
        load_spec(path)
    path.write_text("name: [unclosed")
    with pytest.raises(SpecError, match=r"sweep\.yaml, line 1: cannot be read as YAML"):
        load_spec(path)
    path.write_text("name: a\nsearch: {trials: 1}\nname: b\n")
    with pytest.raises(SpecError, match="name stands twice, in line 1 and in line 3"):
        load_spec(path)
    path.write_text("just words")
    with pytest.raises(SpecError, match="not the sections of a sweep"):
        load_spec(path)
