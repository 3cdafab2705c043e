"""Values of a configuration by their dotted path."""

from models.config.trial import TrialConfig
from search.spec.overrides import dotted_paths, merged, set_value, unknown_path

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
