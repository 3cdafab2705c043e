"""Values of a configuration by their dotted path, and `--set` on a sweep file."""

from typing import Any

import pytest

from models.config.trial import TrialConfig
from search.errors import SpecError
from search.spec.overrides import dotted_paths, merged, set_value, unknown_path
from search.spec.settings import parse_setting, place_of, with_settings
from search.spec.sweep_spec import SweepSpec

TWO_PHASES = {"phases": [{"epochs": 3}, {"steps": 4}]}


def test_set_value_makes_what_is_missing_and_changes_nothing_else():
    config = {"loss": {"l1": 1}, "phases": [{"epochs": 3}, {"epochs": 4}]}
    assert set_value(config, "loss.l2", 5) == config | {"loss": {"l1": 1, "l2": 5}}
    assert set_value(config, "model.width", 0.5) == config | {"model": {"width": 0.5}}
    changed = set_value(config, "phases.1.learning_rates.encoder", 0.1)
    assert changed["phases"] == [{"epochs": 3}, {"epochs": 4, "learning_rates": {"encoder": 0.1}}]
    assert config == {"loss": {"l1": 1}, "phases": [{"epochs": 3}, {"epochs": 4}]}


def test_paths_go_into_lists_as_far_as_they_are():
    paths = dotted_paths(TrialConfig, TWO_PHASES)
    assert {"loss.l1", "epochs", "phases", "phases.0.epochs", "phases.1.learning_rates.head"} <= set(paths)
    assert not any(path.startswith("phases.2") for path in paths)
    assert not any(path.startswith("phases.") for path in dotted_paths(TrialConfig, {}))


def test_every_plain_path_can_be_set():
    config = TrialConfig.model_validate({"data": {"train": "t", "val": "v"}, **TWO_PHASES}).model_dump(mode="json")
    for path in dotted_paths(TrialConfig, config):
        assert set_value(config, path, "new") != config


def test_hints_for_unknown_paths():
    paths = dotted_paths(TrialConfig, TWO_PHASES)
    assert unknown_path("phases.7.epochs", paths, TWO_PHASES) == "there are 2 phases, counted from 0"
    assert unknown_path("phases.1.epoch", paths, TWO_PHASES) == "did you mean phases.1.epochs?"
    assert unknown_path("phases.0.epochs", dotted_paths(TrialConfig, {}), {}) == "there are no phases"


def test_merged_goes_section_by_section_and_replaces_lists():
    base = {"loss": {"l1": 1, "l2": 2}, "phases": [1, 2]}
    assert merged(base, {"loss": {"l1": 9}, "phases": [3]}) == {"loss": {"l1": 9, "l2": 2}, "phases": [3]}


def changed(content: dict[str, Any], *settings: str) -> dict[str, Any]:
    return with_settings(content, settings, dotted_paths(SweepSpec, content))


def test_settings_change_single_values_and_nothing_else():
    content = {"name": "x", "base": "cgan-unet", "search": {"trials": 8, "seed": 1}, "space": {"loss.l1": [1, 2]}}
    after = changed(
        content,
        "search.trials=50",
        "pruning.kind=asha",
        "base.loss.l1=50",
        "space.loss.l1={log: [1, 10]}",
        "space.optimizer.generator_lr={log: [1e-5, 1e-3]}",
        "name=y",
        "constraints=[fid <= 20]",
    )
    assert after == {
        "name": "y",
        "base": {"base": "cgan-unet", "loss": {"l1": 50}},
        "search": {"trials": 50, "seed": 1},
        "space": {"loss.l1": {"log": [1, 10]}, "optimizer.generator_lr": {"log": [1e-5, 1e-3]}},
        "pruning": {"kind": "asha"},
        "constraints": ["fid <= 20"],
    }
    assert content["search"] == {"trials": 8, "seed": 1}


def test_a_section_can_be_set_as_a_whole():
    assert changed({"pruning": {"grace": 3}}, "pruning={kind: none}") == {"pruning": {"kind": "none"}}


def test_a_phase_of_the_preset_can_be_set():
    base = changed({"base": "multitask-resnet18"}, "base.phases.1.epochs=4")["base"]
    assert [phase["epochs"] for phase in base["phases"]] == [30, 4]
    assert base["phases"][0]["trains"] == ["decoder", "head", "discriminator"]
    assert changed({"base": "cgan-unet"}, "base.phases=[{epochs: 3}]")["base"]["phases"] == [{"epochs": 3}]


def test_settings_have_a_place():
    places = [place_of(setting) for setting in ("search.trials=1", "space.loss.l1=2", "base.phases.1.epochs=3")]
    assert places == [("search", "trials"), ("space", "loss.l1"), ("base", "phases", 1, "epochs")]


def test_values_are_yaml():
    assert parse_setting("x=1e-5") == ("x", 1e-5)
    assert parse_setting("x={log: [1, 2]}") == ("x", {"log": [1, 2]})
    assert parse_setting("x=a=b") == ("x", "a=b")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("search.trails=5", r"unknown key search\.trails; did you mean search\.trials\?"),
        ("base.loss.l11=5", r"unknown key base\.loss\.l11; did you mean loss\.l1\?"),
        ("base.phases.0.epochs=5", r"unknown key base\.phases\.0\.epochs; there are no phases"),
        ("search.trials", "is no setting; give KEY=VALUE"),
        ("name=[1", "no YAML value"),
    ],
)
def test_bad_setting_is_refused_in_words(setting: str, words: str):
    with pytest.raises(SpecError, match=words):
        changed({"base": "cgan-unet"}, setting)
