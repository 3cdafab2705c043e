"""`huetune colorize`, `huetune evaluate` and `huetune export`: what can be done with what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.config.evaluation import LpipsNetwork, MetricSpace
from search.storage import DEFAULT_STORAGE, PlaceOption

if TYPE_CHECKING:
    from rich.table import Table

    from analysis.trained.evaluated import Evaluated


def colorize(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Photos of any size.")],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SWEEP[:TRIAL]|DIR",
            help="A sweep's best or given trial, or a folder of `huetune export`.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("colorized"),
    storage: PlaceOption = str(DEFAULT_STORAGE),
) -> None:
    """Colorize photos at their full size with a trained trial or an exported model."""
    from rich.console import Console

    from analysis.output import output_folder

    folder = output_folder(out)  # before torch is imported, which takes seconds

    from analysis.trained.colorization import colorize_photos

    for written in colorize_photos(photos, source, storage, folder, Console(stderr=True)):
        typer.echo(written)


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="gray|random|truth|SWEEP[:TRIAL]|DIR",
            help="A baseline, a sweep's best or given trial, or a folder of `huetune export`.",
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
    storage: PlaceOption = str(DEFAULT_STORAGE),
) -> None:
    """Measure a baseline, a trained trial or an exported model on photos, as its configuration says, unless told."""
    from rich.console import Console

    from analysis.report.exports import evaluated_json
    from analysis.trained.evaluation import BASELINES, evaluate_baseline, evaluate_trained
    from analysis.trained.source import load, this_device

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
        loaded = load(subject, storage, this_device(), Console(stderr=True))
        evaluated = evaluate_trained(loaded, data, train, settings)
    if as_json:
        typer.echo(evaluated_json(evaluated))
    else:
        Console().print(_metrics(evaluated))


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SWEEP[:TRIAL]",
            help="The sweep, and a trial of it.  [default: the best, by new seeds where several have some]",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to, new or empty.")],
    storage: PlaceOption = str(DEFAULT_STORAGE),
) -> None:
    """Write a trained model as safetensors, its configuration and a model card, for use without the sweep."""
    from rich.console import Console

    from analysis.output import output_folder
    from analysis.places import sweep_at

    folder, console = output_folder(out), Console(stderr=True)
    name, _, number = source.partition(":")
    with sweep_at(storage, name, console) as place:
        from analysis.trained.export import export_trial

        typer.echo(export_trial(place, number, folder, console))


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
