"""Writes a report: the page, and the ranking for other programs and for papers."""

from pathlib import Path

from analysis.ranking.rank import rank
from analysis.ranking.rule import DEFAULT, Rule
from analysis.report.exports import ranking_csv, ranking_json, ranking_latex, ranking_markdown
from analysis.report.page import render
from analysis.report.section import Compared, Subject
from data.errors import HuetuneError
from data.files import write_atomically
from search.records import read_sweep


class ReportError(HuetuneError):
    """A report cannot be written where it was asked for."""


def write_report(
    sweep_folder: Path, out: Path, top: int = 5, others: tuple[Path, ...] = (), rule: Rule = DEFAULT
) -> Subject:
    """Write report.html and ranking.csv, .json, .md and .tex into `out`; what the report is about.

    Each file is replaced in one step. The sweep may be finished, running or broken off.

    top: trials to look at closely; others: folders of sweeps to compare with, ranked by the same rule.

    Raises:
        RecordsError: there is no sweep in one of the folders.
        ReportError: `out` cannot be written to.
    """
    sweep = read_sweep(sweep_folder)
    ranking = rank(sweep, rule)
    compared = (Compared(other, rank(other, rule)) for other in map(read_sweep, others))
    subject = Subject(sweep, ranking, top, tuple(compared))
    content = {
        "ranking.csv": ranking_csv(ranking),
        "ranking.json": ranking_json(sweep, ranking),
        "ranking.md": ranking_markdown(subject),
        "ranking.tex": ranking_latex(subject),
        "report.html": render(subject),
    }
    try:
        for name, text in content.items():
            write_atomically(out / name, text)
    except OSError as error:
        raise ReportError(
            f"cannot write the report to {out} ({error.strerror}); name another folder by --out"
        ) from error
    return subject
