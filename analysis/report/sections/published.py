"""Ours beside theirs: the tables of the papers behind the presets, with the trials that train these presets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.published.ours import OurTrial, by_preset, our_trial
from analysis.published.protocol import protocol_of
from analysis.published.table import Item, PublishedTable, Row
from analysis.published.tables import TABLES
from analysis.report.section import Section, Subject
from search.records import Sweep, Trial


@dataclass(frozen=True)
class RowWithOurs:
    """A published row, and our trainings of its preset, which stand below it."""

    published: Row
    cells: tuple[str, ...]
    ours: tuple[OurTrial, ...]


@dataclass(frozen=True)
class TableWithOurs:
    """A published table with our rows in it."""

    published: PublishedTable
    rows: tuple[RowWithOurs, ...]
    protocol: Mapping[Item, tuple[str, str]]
    """Theirs and ours."""
    num_left_out: int
    """Trainings of these presets that are not shown, those ranked last."""

    @property
    def ours(self) -> tuple[OurTrial, ...]:
        return tuple(one for row in self.rows for one in row.ours)


def published_section(subject: Subject) -> Section | None:
    """None: no trial is a training of a preset."""
    found = by_preset(subject.sweep, subject.ranking)
    tables = [_beside(table, found, subject) for table in TABLES if set(table.presets) & set(found)]
    return Section("published", "Beside the papers", {"tables": tables}) if tables else None


def _beside(table: PublishedTable, found: Mapping[str, Sequence[Trial]], subject: Subject) -> TableWithOurs:
    shown = {preset: found.get(preset, ())[: subject.top] for preset in table.presets}
    ours = {
        preset: [our_trial(trial, preset, subject.ranking.repeats.get(trial.number, ()), table) for trial in trials]
        for preset, trials in shown.items()
    }
    rows = tuple(
        RowWithOurs(
            row,
            tuple(column.text(value) for column, value in zip(table.columns, row.values, strict=True)),
            tuple(one for preset in _ending_here(table, number) for one in ours[preset]),
        )
        for number, row in enumerate(table.rows)
    )
    num_found = sum(len(found.get(preset, ())) for preset in table.presets)
    trials = [trial for some in shown.values() for trial in some]
    return TableWithOurs(table, rows, _protocols(table, trials, subject.sweep), num_found - len(trials))


def _ending_here(table: PublishedTable, number: int) -> tuple[str, ...]:
    """The presets of a row that no later row is of: ours stand below all of theirs."""
    later = {preset for row in table.rows[number + 1 :] for preset in row.presets}
    return tuple(preset for preset in table.rows[number].presets if preset not in later)


def _protocols(table: PublishedTable, trials: Sequence[Trial], sweep: Sweep) -> dict[Item, tuple[str, str]]:
    """Item by item theirs and ours; where our trials are not all alike, each way once."""
    ours = [protocol_of(trial, sweep) for trial in trials]
    return {
        item: (theirs, "; or ".join(dict.fromkeys(protocol[item] for protocol in ours)))
        for item, theirs in table.protocol.items()
    }
