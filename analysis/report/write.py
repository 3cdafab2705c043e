"""Writes a report: the page, and the ranking as tables for other programs."""

from pathlib import Path

from analysis.ranking.rank import rank
from analysis.report.exports import ranking_csv, ranking_json
from analysis.report.page import render
from analysis.report.section import Compared, Subject
from data.errors import HuetuneError
from data.files import write_atomically
from search.records import read_sweep


class ReportError(HuetuneError):
    """A report cannot be written where it was asked for."""


def write_report(sweep_folder: Path, out: Path, top: int = 5, others: tuple[Path, ...] = ()) -> Subject:
    """Write report.html, ranking.csv and ranking.json into `out`; what the report is about.

    Each file is replaced in one step. The sweep may be finished, running or broken off.

    top: trials to look at closely; others: folders of sweeps to compare with.

    Raises:
        RecordsError: there is no sweep in one of the folders.
        ReportError: `out` cannot be written to.
    """
    sweep = read_sweep(sweep_folder)
    compared = (Compared(other, rank(other)) for other in map(read_sweep, others))
    subject = Subject(sweep, rank(sweep), top, tuple(compared))
    try:
        write_atomically(out / "ranking.csv", ranking_csv(subject.ranking))
        write_atomically(out / "ranking.json", ranking_json(sweep, subject.ranking))
        write_atomically(out / "report.html", render(subject))
    except OSError as error:
        raise ReportError(
            f"cannot write the report to {out} ({error.strerror}); name another folder by --out"
        ) from error
    return subject
