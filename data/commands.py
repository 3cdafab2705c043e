"""`huetune data`: build .beton files, and check them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from data.config import BuildOptions

app = typer.Typer(help="Photos to .beton files.", no_args_is_help=True)


@app.command()
def build(
    source: Annotated[
        str, typer.Argument(help="A folder of class folders, or NAME:LOCATION; see `huetune data sources`.")
    ],
    out: Annotated[Path, typer.Option(readable=False, help="Folder for train.beton, val.beton, test.beton.")],
    size: Annotated[int, typer.Option(help="Pixels of a side.")] = 256,
    classes: Annotated[str, typer.Option(help="Only these classes: their names, with commas between.")] = "",
    subset: Annotated[float | None, typer.Option(help="Draw so many photos, or this fraction of them, first.")] = None,
    val: Annotated[
        float | None, typer.Option(help="Photos for validation, a number or a fraction; 0.1 where the source has none.")
    ] = None,
    test: Annotated[float | None, typer.Option(help="Photos for testing; none unless the source has some.")] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="Divide all photos anew, whatever splits the source has.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Decides which photos are drawn, and which goes into which split.")] = 0,
    min_side: Annotated[int, typer.Option(help="Drop photos with a shorter side below this, in pixels.")] = 32,
    max_aspect: Annotated[float, typer.Option(help="Drop photos with sides of more than this ratio.")] = 3.0,
    gray_tolerance: Annotated[
        int, typer.Option(help="Drop photos whose R, G and B nowhere differ by more, of 255 levels.")
    ] = 8,
    drop_leaks: Annotated[
        bool, typer.Option("--drop-leaks", help="Drop copies of val and test photos from train, instead of stopping.")
    ] = False,
    quality: Annotated[int | None, typer.Option(help="JPEG quality, 50 to 100; 95 unless given.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Store pixels instead of JPEGs.")] = False,
    workers: Annotated[int | None, typer.Option(help="Threads; one for each core we may use unless given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Build again even if nothing has changed.")] = False,
) -> None:
    """Filter and split the photos of SOURCE and write them as .beton files with manifests."""
    from data.build import already_built
    from data.build import build as build_betons
    from data.display import Bars, print_summary
    from data.errors import DataError
    from data.sources.registry import open_source

    if raw and quality is not None:
        raise DataError(f"--raw stores no JPEGs, so --quality {quality} has no meaning; leave one of them out")
    options = _options(
        size=size,
        classes=sorted({name.strip() for name in classes.split(",")} - {""}),
        pool=pool,
        subset=subset,
        val=val,
        test=test,
        seed=seed,
        rules={
            "min_side": min_side,
            "max_aspect": max_aspect,
            "gray_tolerance": gray_tolerance,
            "drop_leaks": drop_leaks,
        },
        quality=None if raw else 95 if quality is None else quality,
    )
    num_workers = workers if workers is not None else _num_cores()
    if num_workers < 1:
        raise DataError(f"--workers must be at least 1, got {workers}")
    opened = open_source(source, options.classes)
    if not force and (manifests := already_built(opened, out, options)) is not None:
        print_summary(manifests, f"already built: {out} holds these photos with these options (--force builds again)")
        return
    try:
        with _terminated_as_by_ctrl_c(), Bars() as track:
            manifests = build_betons(opened, out, options, num_workers=num_workers, track=track)
    except KeyboardInterrupt:
        typer.echo(f"huetune: interrupted; no file in {out} was replaced. The same command builds again", err=True)
        raise typer.Exit(130) from None
    print_summary(manifests, f"built {', '.join(f'{name}.beton' for name in manifests)} in {out}")


@app.command()
def check(
    beton: Annotated[Path, typer.Argument(readable=False, help="A .beton file with its manifest.")],
) -> None:
    """Compare every byte of a .beton with its manifest, decode every sample, and compare with its other splits."""
    from data.check import check_full
    from data.display import Bars

    with Bars() as track:
        manifest = check_full(beton, num_workers=_num_cores(), track=track)
    classes = f"in {len(manifest.classes)} classes" if manifest.classes else "without labels"
    typer.echo(f"{beton} is whole: {manifest.num_samples:,} photos of {manifest.size} px {classes}")


@app.command()
def sources() -> None:
    """List the kinds of places that photos can come from."""
    from rich.console import Console
    from rich.table import Table

    from data.sources.registry import SOURCES

    table = Table("SOURCE", "what it is")
    for name, source in SOURCES.items():
        table.add_row(name if name == "groceries" else f"{name}:FOLDER", (source.__doc__ or "").splitlines()[0])
    Console().print(table)


@contextmanager
def _terminated_as_by_ctrl_c() -> Iterator[None]:
    """Let a scheduler, or a terminal that is closed, end the work as cleanly as Ctrl-C does."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _num_cores() -> int:
    """Those that we may use: under Slurm, fewer than there are."""
    return len(os.sched_getaffinity(0))


def _options(**values: Any) -> "BuildOptions":
    from pydantic import ValidationError

    from data.config import BuildOptions
    from data.errors import DataError

    try:
        return BuildOptions.model_validate(values)
    except ValidationError as error:
        faults = (
            f"--{str(fault['loc'][-1]).replace('_', '-')} {fault['input']}: "
            f"{fault['msg'].removeprefix('Value error, ').lower()}"
            for fault in error.errors()
        )
        raise DataError("; ".join(faults)) from None
