"""`huetune cluster check`."""

from pathlib import Path
from typing import Annotated

import typer

from search.commands import AddressOption, SettingsOption
from search.storage import DEFAULT_STORAGE, StorageOption


def check(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep that is to run.")],
    address: AddressOption = None,
    storage: StorageOption = DEFAULT_STORAGE,
    settings: SettingsOption = None,
    thorough: Annotated[bool, typer.Option(help="Compare all bytes of the photos, not samples of them.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Look on every node at what the sweep needs; exit with 1 if anything is missing."""
    from rich.console import Console

    from cluster.check.report import as_json, show
    from cluster.check.stages import check_cluster
    from search.interruption import interruptible
    from search.spec.sweep_spec import load_spec

    spec, told = load_spec(spec_file, settings or ()), Console(stderr=True)
    with interruptible(), told.status("connecting") as status:  # what it writes into the storage goes in any case
        folder = storage.expanduser().absolute()
        report = check_cluster(spec, address, folder, whole_files=thorough, say=status.update)
    if json:
        typer.echo(as_json(report))
    else:
        show(report, Console())
    if not report.well:
        raise typer.Exit(1)
