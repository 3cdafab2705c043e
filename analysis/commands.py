"""`huetune report` and `huetune dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.storage import DEFAULT_STORAGE, PlaceOption, StorageOption, sweep_folder

if TYPE_CHECKING:
    from rich.table import Table

    from analysis.report.section import Subject


def report(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    compare: Annotated[
        list[str] | None, typer.Option(metavar="OTHER", help="Another sweep to look at beside it; may be repeated.")
    ] = None,
    order: Annotated[
        str, typer.Option(help="pareto, knee, steps (accuracy >= 0.8, then fid) or weights (fid: 1, accuracy: 2).")
    ] = "pareto",
    counts: Annotated[str, typer.Option(help="Which evaluation of a trial counts: last, best-joint or best.")] = "last",
    out: Annotated[Path | None, typer.Option(help="Folder to write to; by default report/ in the sweep's own.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Trials to print and to look at closely.")] = 5,
    storage: PlaceOption = str(DEFAULT_STORAGE),
) -> None:
    """Rank a sweep's trials and write report.html and ranking.csv, .json, .md and .tex."""
    from contextlib import ExitStack

    from rich.console import Console

    from analysis.output import output_folder
    from analysis.places import sweep_at
    from analysis.ranking.rule import Rule

    rule, console = Rule.parse(order, counts), Console(stderr=True)
    folder = None if out is None else output_folder(out)
    with ExitStack() as places:
        place, *others = [places.enter_context(sweep_at(storage, one, console)) for one in (name, *(compare or ()))]

        from analysis.certainty.verdict import verdict  # with the libraries that rank and draw, which take seconds
        from analysis.report.sections.comparison import beside_others
        from analysis.report.write import write_report
        from search.damage import by_reason

        target = folder or output_folder(place.report_folder)
        with console.status("ranking and drawing"):
            compared = tuple(other.folder for other in others)
            subject = write_report(place.folder, target, top, compared, rule, place.bring_some)
    typer.echo(" ".join(verdict(subject.sweep, subject.ranking)))
    for line in by_reason(subject.sweep.unreadable):
        typer.echo(f"unreadable: {line}")
    for line in by_reason(subject.sweep.notices):
        typer.echo(f"trial {line}")
    if subject.ranking.ranked:
        typer.echo(subject.ranking.statement)
        Console().print(_table(subject))
    for sentence in beside_others(subject):
        typer.echo(sentence)
    typer.echo(target / "report.html")


def dashboard(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    host: Annotated[str, typer.Option(help="Address to serve on; any but the default lets others look.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65534, help="The study's; TensorBoard's is the next.  [default: free ones]"),
    ] = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Serve the study in optuna-dashboard and the trials in TensorBoard, live while the sweep runs, until Ctrl-C."""
    folder = sweep_folder(storage, name)  # before the libraries are imported, which takes seconds

    from analysis.dashboard.serve import serve

    serve(folder, host, port, typer.echo)


def _table(subject: Subject) -> Table:
    """The best trials."""
    from rich.table import Table
    from rich.text import Text

    from analysis.display import duration_text, metric_label, metric_text
    from search.records import epoch_text

    ranking, names = subject.ranking, list(subject.ranking.objectives)
    labels = (metric_label(name, subject.sweep.record) for name in names)
    table = Table()
    for heading in ["#", "trial", *labels, "front", "epochs", "time"]:
        table.add_column(Text(heading), justify="right")
    for one in ranking.ranked[: subject.top]:
        metrics = [metric_text(name, one.metrics[name]) for name in names]
        cost = [epoch_text(one.evaluation.epoch), duration_text(one.evaluation.seconds)]
        table.add_row(str(one.place), str(one.trial.number), *metrics, str(one.pareto_rank + 1), *cost)
    return table
