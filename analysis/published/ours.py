"""Our rows of a published table: the trials of a sweep that train the preset of one of its rows."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from analysis.published.recipe import differences, preset_of
from analysis.published.table import Column, PublishedTable
from analysis.ranking.rank import Ranking
from search.records import Sweep, Trial

Values = Mapping[str, float]
NOT_MEASURED = "–"


@dataclass(frozen=True)
class OurRow:
    """Values of one or several runs on the same photos."""

    what: str
    """Which runs and which photos, such as `trial 7`."""
    cells: tuple[str, ...]
    """One for each column of the table, written as the paper writes."""


@dataclass(frozen=True)
class OurTrial:
    """A trial that trains a preset, and its repeats."""

    trial: Trial
    preset: str
    differences: tuple[str, ...]
    """From the preset, in words."""
    rows: tuple[OurRow, ...]


def by_preset(sweep: Sweep, ranking: Ranking) -> dict[str, list[Trial]]:
    """The trials that trained a preset to the end (recipe.preset_of): the ranked ones, best first, then others."""
    complete = [one.trial for one in ranking.unranked if one.trial.result]
    found: dict[str, list[Trial]] = {}
    for trial in (*(one.trial for one in ranking.ranked), *complete):
        if (name := preset_of(trial, sweep)) is not None:
            found.setdefault(name, []).append(trial)
    return found


def our_trial(trial: Trial, preset: str, repeats: Iterable[Trial], table: PublishedTable) -> OurTrial:
    """A trial in the layout of a table that has a row of its preset."""
    return OurTrial(trial, preset, differences(trial, preset), tuple(_rows(trial, repeats, table)))


def _rows(trial: Trial, repeats: Iterable[Trial], table: PublishedTable) -> Iterator[OurRow]:
    repeated = [one for one in repeats if one.result]
    again = f"trial {trial.number} again with"
    yield OurRow(f"trial {trial.number}", _cells(table, [_measured(trial, table.phase)]))
    if repeated:
        yield OurRow(
            f"{again} {_seeds(len(repeated))}", _cells(table, [_measured(one, table.phase) for one in repeated])
        )
    on_photos: dict[tuple[str, int], list[Values]] = {}
    for one in repeated:
        if one.tested and not table.phase:
            photos = (one.tested.sha256, one.tested.num_photos)
            on_photos.setdefault(photos, []).append({**one.tested.details, **one.tested.metrics})
    for (_, num_photos), values in on_photos.items():
        yield OurRow(f"{again} {_seeds(len(values))}, on {num_photos:,} test photos", _cells(table, values))


def _seeds(count: int) -> str:
    return f"{count} other seeds, mean ± sd" if count > 1 else "another seed"


def _measured(trial: Trial, phase: str) -> Values:
    """What the last evaluation of a phase measured; of the last one, if the phase has no name."""
    of_phase = [evaluation for evaluation in trial.evaluations if evaluation.phase == phase or not phase]
    return {**of_phase[-1].details, **of_phase[-1].metrics} if of_phase else {}


def _cells(table: PublishedTable, runs: list[Values]) -> tuple[str, ...]:
    return tuple(
        _cell(column, [run[column.measure] for run in runs if column.measure in run]) for column in table.columns
    )


def _cell(column: Column, values: list[float]) -> str:
    """A value, or the mean and standard deviation of several."""
    finite = [column.scale * value for value in values if math.isfinite(value)]
    if not finite or len(finite) < len(values):
        return "not finite" if values else NOT_MEASURED
    mean = column.text(fmean(finite))
    return f"{mean} ± {column.text(stdev(finite))}" if len(finite) > 1 else mean
