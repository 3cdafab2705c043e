"""`huetune report` and `huetune colorize`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder

if TYPE_CHECKING:
    from rich.table import Table

    from analysis.ranking import Ranking
    from search.records import Sweep


def report(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; by default report/ in the sweep's own.", file_okay=False)
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Trials to print and to show photos of.")] = 5,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Rank a sweep's trials and write report.html, ranking.csv and ranking.json."""
    from rich.console import Console

    from analysis.ranking import rank
    from analysis.report import write_report
    from analysis.verdict import verdict
    from search.records import read_sweep

    folder = sweep_folder(storage, name)
    page = write_report(folder, out or folder / "report", top)
    sweep = read_sweep(folder)
    ranking = rank(sweep)
    typer.echo(" ".join(verdict(sweep, ranking)))
    if ranking.ranked:
        Console().print(_table(sweep, ranking, top))
    typer.echo(page)


def colorize(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Photos of any size.")],
    source: Annotated[
        str, typer.Option("--from", metavar="SWEEP[:TRIAL]", help="The sweep, and a trial of it.  [default: the best]")
    ],
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder to write to.  [default: beside each photo]")
    ] = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Colorize photos at their full size with a trained trial."""
    from analysis.colorization import colorize_photos

    name, _, number = source.partition(":")
    for written in colorize_photos(photos, sweep_folder(storage, name), number, out):
        typer.echo(written)


def _table(sweep: Sweep, ranking: Ranking, top: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    from analysis.display import duration_text, metric_label, metric_text

    names = list(ranking.objectives)
    headings = ["#", "trial", *(metric_label(name, sweep.record) for name in names), "front", "epochs", "time"]
    table = Table()
    for heading in headings:
        table.add_column(Text(heading), justify="right")
    for one in ranking.ranked[:top]:
        metrics = [metric_text(name, one.metrics[name]) for name in names]
        cost = [str(one.trial.final.epoch), duration_text(one.trial.final.seconds)] if one.trial.final else []
        table.add_row(str(one.place), str(one.trial.number), *metrics, str(one.pareto_rank + 1), *cost)
    return table
