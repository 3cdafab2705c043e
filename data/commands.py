"""`huetune data`: build .beton files, and check them."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from data.config import BuildOptions
    from data.manifest import Manifest
    from data.parallel import Item

app = typer.Typer(help="Photos to .beton files.", no_args_is_help=True)

_MAX_CLASS_ROWS = 40


@app.command()
def build(
    source: Annotated[str, typer.Argument(help="A folder of class folders, or a named source: groceries.")],
    out: Annotated[Path, typer.Option(help="Folder for train.beton, val.beton, test.beton.")],
    size: Annotated[int, typer.Option(help="Pixels of a side.")] = 256,
    val: Annotated[float, typer.Option(help="Fraction of each class for validation.")] = 0.1,
    test: Annotated[float, typer.Option(help="Fraction of each class for testing.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Decides which photo goes into which split.")] = 0,
    quality: Annotated[int | None, typer.Option(help="JPEG quality, 50 to 100; 95 unless given.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Store pixels instead of JPEGs.")] = False,
    workers: Annotated[int | None, typer.Option(help="Threads; one for each core unless given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Build again even if nothing has changed.")] = False,
) -> None:
    """Filter and split the photos of SOURCE and write them as .beton files with manifests."""
    from data.build import already_built
    from data.build import build as build_betons
    from data.errors import DataError
    from data.sources.registry import open_source

    if raw and quality is not None:
        raise DataError(f"--raw stores no JPEGs, so --quality {quality} has no meaning; leave one of them out")
    stored_quality = None if raw else 95 if quality is None else quality
    options = _options(size=size, val=val, test=test, seed=seed, quality=stored_quality)
    num_workers = workers if workers is not None else os.cpu_count() or 1
    if num_workers < 1:
        raise DataError(f"--workers must be at least 1, got {workers}")
    opened = open_source(source)
    if not force and (manifests := already_built(opened, out, options)) is not None:
        _print_summary(manifests, f"already built: {out} holds these photos with these options (--force builds again)")
        return
    with _Bars() as track:
        manifests = build_betons(opened, out, options, num_workers=num_workers, track=track)
    _print_summary(manifests, f"built {', '.join(f'{name}.beton' for name in manifests)} in {out}")


@app.command()
def check(beton: Annotated[Path, typer.Argument(help="A .beton file with its manifest beside it.")]) -> None:
    """Compare every byte of a .beton with its manifest and decode every sample."""
    from data.manifest import check_full

    manifest = check_full(beton)
    typer.echo(
        f"{beton} is whole: {manifest.num_samples:,} photos of {manifest.size} px in {len(manifest.classes)} classes"
    )


def _options(**values: float | None) -> "BuildOptions":
    from pydantic import ValidationError

    from data.config import BuildOptions
    from data.errors import DataError

    try:
        return BuildOptions.model_validate(values)
    except ValidationError as error:
        faults = (
            f"--{fault['loc'][0]} {fault['input']}: {fault['msg'].lower()}"
            if fault["loc"]
            else fault["msg"].removeprefix("Value error, ")
            for fault in error.errors()
        )
        raise DataError("; ".join(faults)) from None


class _Bars:
    """One progress bar for each pass over the photos; none where the output is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console()
        self._progress = Progress(console=console, disable=not console.is_terminal)

    def __enter__(self) -> "_Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, items: "Iterable[Item]", description: str, total: int) -> "Iterable[Item]":
        return self._progress.track(items, total=total, description=description)


def _print_summary(manifests: dict[str, "Manifest"], headline: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    first = next(iter(manifests.values()))
    table = Table("class", *manifests)
    for column in table.columns[1:]:
        column.justify = "right"
    if len(first.classes) <= _MAX_CLASS_ROWS:
        for name in first.classes:
            table.add_row(escape(name), *(f"{manifest.class_counts[name]:,}" for manifest in manifests.values()))
        table.add_section()
    kept = [manifest.num_samples for manifest in manifests.values()]
    table.add_row(f"{len(first.classes)} classes", *(f"{count:,}" for count in kept))
    console = Console()
    console.print(table)
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in first.dropped.items())
    console.print(f"kept {sum(kept):,} photos; dropped {dropped}", highlight=False)
    console.print(headline, highlight=False, soft_wrap=True)
