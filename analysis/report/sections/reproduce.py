"""With what the sweep was run, on what, by which command, and how to train its best trials again."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from analysis.ranking.rank import RankedTrial
from analysis.report.section import Section, Subject
from search.records import SweepRecord


@dataclass(frozen=True)
class Recipe:
    """How to train a trial again."""

    place: int
    trial: int
    file: str
    """Name of the configuration's file."""
    command: str
    config: str
    """Its content, YAML."""
    uri: str
    """The same as a data URI, to save."""
    changed_midway: bool
    """It took over networks of other trials, so its configuration alone does not lead to it."""


def reproduce_section(subject: Subject) -> Section:
    record = subject.sweep.record
    content = {
        "seeds": dict(_seeds(record.spec)),
        "recipes": [recipe(one, record) for one in subject.ranking.ranked[: subject.top]],
    }
    return Section("reproduce", "To reproduce", content)


def recipe(ranked: RankedTrial, record: SweepRecord) -> Recipe:
    """A configuration that `huetune train` takes: the trial's, with the sweep's data where it names none itself."""
    trial = ranked.trial
    of_sweep = record.spec.get("data")
    data = {**(of_sweep if isinstance(of_sweep, dict) else {}), **trial.config.get("data", {})}
    config = yaml.safe_dump(trial.config | {"data": data}, sort_keys=False, allow_unicode=True)
    file = f"trial-{trial.number:04d}.yaml"
    uri = f"data:application/yaml;base64,{b64encode(config.encode()).decode()}"
    return Recipe(ranked.place, trial.number, file, f"huetune train {file}", config, uri, bool(trial.exploits))


def _seeds(spec: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every seed in a sweep's specification by dotted path."""
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from _seeds(value, f"{path}{key}.")
        elif key == "seed":
            yield path + key, value
