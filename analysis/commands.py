"""`huetune report`, `huetune colorize` and `huetune evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.config.evaluation import LpipsNetwork, MetricSpace
from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder

if TYPE_CHECKING:
    from rich.table import Table

    from analysis.ranking.rank import Ranking
    from analysis.trained.evaluated import Evaluated
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

    from analysis.certainty.verdict import verdict
    from analysis.report.write import write_report

    folder = sweep_folder(storage, name)
    target = out or folder / "report"
    subject = write_report(folder, target, top)
    typer.echo(" ".join(verdict(subject.sweep, subject.ranking)))
    if subject.ranking.ranked:
        Console().print(_table(subject.sweep, subject.ranking, top))
    typer.echo(target / "report.html")


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
    from analysis.trained.colorization import colorize_photos

    name, _, number = source.partition(":")
    for written in colorize_photos(photos, sweep_folder(storage, name), number, out):
        typer.echo(written)


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="gray|random|truth|SWEEP[:TRIAL]",
            help="A baseline, or a sweep's best or given trial.",
            show_default=False,
        ),
    ],
    data: Annotated[Path, typer.Option(metavar="X.beton", help="The photos to measure on.")],
    train: Annotated[
        Path | None,
        typer.Option(metavar="TRAIN.beton", help="Training photos: how frequent each colour is, and random's colours."),
    ] = None,
    fid_images: Annotated[
        int | None, typer.Option(help="Photos for FID, KID, LPIPS and the classifier; 0: none of these.")
    ] = None,
    kid: Annotated[bool | None, typer.Option("--kid/--no-kid", help="Kernel Inception Distance.")] = None,
    lpips: Annotated[LpipsNetwork | None, typer.Option(help="LPIPS on this network.")] = None,
    classifier: Annotated[
        str | None, typer.Option(help="A torchvision classifier to name the colorized photos, such as vgg16.")
    ] = None,
    metric_space: Annotated[
        MetricSpace | None, typer.Option(help="What image metrics see: sRGB, or Lab as if it were RGB.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Measure a baseline or a trained trial on photos. A trial is measured as its configuration says, unless told."""
    from rich.console import Console

    from analysis.report.exports import evaluated_json
    from analysis.trained.evaluation import BASELINES, evaluate_baseline, evaluate_trial

    wanted = {
        "fid_images": fid_images,
        "kid": kid,
        "lpips": lpips,
        "classifier": classifier,
        "metric_space": metric_space,
    }
    settings = {name: value for name, value in wanted.items() if value is not None}
    if subject in BASELINES:
        evaluated = evaluate_baseline(subject, data, train, settings)
    else:
        name, _, number = subject.partition(":")
        evaluated = evaluate_trial(sweep_folder(storage, name), number, data, train, settings)
    if as_json:
        typer.echo(evaluated_json(evaluated))
    else:
        Console().print(_metrics(evaluated))


def _metrics(evaluated: Evaluated) -> Table:
    from rich.table import Table
    from rich.text import Text

    from analysis.display import LABELS, metric_text
    from models.evaluation import DIRECTIONS

    table = Table(title=evaluated.how, title_justify="left")
    for heading in ("metric", "value", "better", "N"):
        table.add_column(Text(heading), justify="right" if heading in ("value", "N") else "left")
    ways = {"min": "lower", "max": "higher"}
    for name, value in (evaluated.metrics | evaluated.details).items():
        better = ways[DIRECTIONS[name]] if name in DIRECTIONS else ""
        table.add_row(LABELS.get(name, name), metric_text(name, value), better, f"{evaluated.num_of(name):,}")
    return table


def _table(sweep: Sweep, ranking: Ranking, top: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    from analysis.display import duration_text, metric_label, metric_text
    from search.records import epoch_text

    names = list(ranking.objectives)
    headings = ["#", "trial", *(metric_label(name, sweep.record) for name in names), "front", "epochs", "time"]
    table = Table()
    for heading in headings:
        table.add_column(Text(heading), justify="right")
    for one in ranking.ranked[:top]:
        metrics = [metric_text(name, one.metrics[name]) for name in names]
        cost = [epoch_text(one.trial.final.epoch), duration_text(one.trial.final.seconds)] if one.trial.final else []
        table.add_row(str(one.place), str(one.trial.number), *metrics, str(one.pareto_rank + 1), *cost)
    return table
