"""Writes a report: the page, and the ranking for other programs and for papers."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analysis.ranking.rank import rank
from analysis.ranking.rule import DEFAULT, Rule
from analysis.report.exports import ranking_csv, ranking_json, ranking_latex, ranking_markdown
from analysis.report.page import render, samples_shown
from analysis.report.section import Compared, Subject
from data.errors import HuetuneError
from data.files import write_atomically
from search.records import read_sweep


class ReportError(HuetuneError):
    """A report cannot be written where it was asked for."""


def write_report(
    sweep_folder: Path,
    out: Path,
    top: int = 5,
    others: tuple[Path, ...] = (),
    rule: Rule = DEFAULT,
    bring: Callable[[Sequence[Path]], None] | None = None,
) -> Subject:
    """Write report.html and ranking.csv, .json, .md and .tex into `out`; what the report is about.

    Each file is replaced in one step. The sweep may be finished, running or broken off.

    top: trials to look at closely; others: folders of sweeps to compare with, ranked by the same rule; bring: fetches
    photos into `sweep_folder`, if that is a copy without them.

    Raises:
        RecordsError: there is no sweep in one of the folders.
        ReportError: `out` cannot be written to.
    """
    sweep = read_sweep(sweep_folder)
    ranking = rank(sweep, rule)
    compared = (Compared(other, rank(other, rule)) for other in map(read_sweep, others))
    subject = Subject(sweep, ranking, top, tuple(compared))
    if bring is not None:
        bring(samples_shown(subject))
    with _records_left_alone():
        content = _content(subject)
    try:
        for name, text in content.items():
            write_atomically(out / name, text)
    except OSError as error:
        raise ReportError(
            f"cannot write the report to {out} ({error.strerror}); name another folder by --out"
        ) from error
    return subject


def _content(subject: Subject) -> dict[str, str]:
    """By the file's name."""
    return {
        "ranking.csv": ranking_csv(subject.ranking),
        "ranking.json": ranking_json(subject.sweep, subject.ranking),
        "ranking.md": ranking_markdown(subject),
        "ranking.tex": ranking_latex(subject),
        "report.html": render(subject),
    }


@contextmanager
def _records_left_alone() -> Iterator[None]:
    """The garbage collector passes over what is in memory: of 10,000 trials that is half of a report's time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
