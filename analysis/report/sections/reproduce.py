"""With what the sweep was run, on what, by which command, and how to train its best trials again."""

import json
import shlex
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from analysis.display import listed
from analysis.ranking.rank import RankedTrial
from analysis.report.section import Section, Subject
from search.records import Sweep, SweepRecord, Trial
from search.single.kind import is_single_training


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


@dataclass(frozen=True)
class Addition:
    """Trials that the sweep's command alone does not bring back."""

    what: str
    command: str
    """The one that does."""


def reproduce_section(subject: Subject) -> Section:
    record = subject.sweep.record
    content = {
        "is_single": is_single_training(record),
        "additions": additions(subject.sweep),
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


def additions(sweep: Sweep) -> list[Addition]:
    """The trials that were ordered while the sweep ran, by number, and the repeats with new seeds."""
    name = sweep.record.name
    found = [
        Addition(f"Trial {trial.number}, {trial.start.note}", _enqueue(name, trial))
        for trial in sweep.trials
        if trial.start.order
    ]
    repeats = [trial for trial in sweep.trials if trial.start.repeat_of is not None]
    if repeats:
        numbers = f"Trial{'s' * (len(repeats) > 1)} {listed(trial.number for trial in repeats)}"
        found.append(Addition(f"{numbers}, new seeds for the best of that time", _finalists(sweep.record, repeats)))
    return found


def _enqueue(name: str, trial: Trial) -> str:
    values = (f"{path}={json.dumps(value, default=str)}" for path, value in trial.start.params.items())
    return shlex.join(["huetune", "sweep", "enqueue", name, *values])


def _finalists(record: SweepRecord, repeats: Sequence[Trial]) -> str:
    num_seeds = Counter(trial.start.repeat_of for trial in repeats)
    counts = ["--top", str(len(num_seeds)), "--seeds", str(max(num_seeds.values()))]
    test = record.data.get("test", {}).get("file")
    return shlex.join(["huetune", "sweep", "finalists", record.name, *counts, *(["--test", test] if test else [])])


def _seeds(spec: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every seed in a sweep's specification by dotted path."""
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from _seeds(value, f"{path}{key}.")
        elif key == "seed":
            yield path + key, value
