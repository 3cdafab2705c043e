"""`huetune sweep`: run, resume, status. `huetune colorize`."""

from pathlib import Path
from typing import Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder

app = typer.Typer(help="Searches over hyperparameters.", no_args_is_help=True)

AddressOption = Annotated[
    str | None, typer.Option(envvar="RAY_ADDRESS", help="Ray cluster to run on.  [default: this machine alone]")
]
NameArgument = Annotated[str, typer.Argument(help="The sweep's name.")]


@app.command()
def run(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep file.")],
    name: Annotated[str | None, typer.Option(help="Another name than the file gives.")] = None,
    address: AddressOption = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Run the sweep that SPEC.yaml describes."""
    from rich.console import Console

    from search.spec import load_spec
    from search.sweep import start_sweep

    spec = load_spec(spec_file)
    if name is not None:
        spec = spec.model_copy(update={"name": name})
    folder = sweep_folder(storage, spec.name)
    start_sweep(spec, folder, address, Console())


@app.command()
def resume(name: NameArgument, address: AddressOption = None, storage: StorageOption = DEFAULT_STORAGE) -> None:
    """Go on with a sweep that was broken off, whatever broke it."""
    from rich.console import Console

    from search.sweep import resume_sweep

    resume_sweep(sweep_folder(storage, name), address, Console())


@app.command()
def status(name: NameArgument, storage: StorageOption = DEFAULT_STORAGE) -> None:
    """Show how far a sweep is, without disturbing it."""
    from rich.console import Console

    from search.records import read_sweep
    from search.status import show_status

    show_status(read_sweep(sweep_folder(storage, name)), Console())


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
    from search.colorization import colorize_photos

    name, _, number = source.partition(":")
    for written in colorize_photos(photos, sweep_folder(storage, name), number, out):
        typer.echo(written)
