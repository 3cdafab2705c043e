"""`huetune sweep`: run, resume, status."""

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
