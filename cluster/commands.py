"""`huetune cluster`: check."""

from pathlib import Path
from typing import Annotated

import typer

from search.commands import AddressOption
from search.storage import DEFAULT_STORAGE, StorageOption

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own while it is the only one."""


@app.command()
def check(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep that is to run.")],
    address: AddressOption = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Look on every node at what the sweep needs; exit with 1 if anything is missing."""
    from rich.console import Console

    from cluster.check import check_cluster
    from search.spec.sweep_spec import load_spec

    if not check_cluster(load_spec(spec_file), address, storage.expanduser().absolute(), Console()):
        raise typer.Exit(1)
