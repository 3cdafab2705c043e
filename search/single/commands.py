"""`huetune train` and `huetune presets`."""

from pathlib import Path
from typing import Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder


def train(
    source: Annotated[str, typer.Argument(metavar="PRESET|CONFIG.yaml", help="See `huetune presets`.")],
    data: Annotated[Path | None, typer.Option(file_okay=False, help="Folder with train.beton and val.beton.")] = None,
    train: Annotated[Path | None, typer.Option(readable=False, help="File to train on.")] = None,
    val: Annotated[Path | None, typer.Option(readable=False, help="File to validate on.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another value, such as loss.l1=50.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.  [default: the preset's or the file's]")] = None,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Train one configuration on this machine; the same command goes on where an earlier one was broken off."""
    from search.single.configuration import data_files, single_config

    config = single_config(source, data_files(data, train, val), settings or [])
    folder = sweep_folder(storage, Path(source).stem if name is None else name)

    import torch
    from rich.console import Console

    from search.interruption import Interrupted, interruptible
    from search.single.train import train_single

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        with interruptible():
            train_single(config, folder, device, Console())
    except Interrupted as interrupted:
        typer.echo(f"huetune: {folder.name} interrupted; the same command goes on from its last evaluation", err=True)
        raise typer.Exit(interrupted.exit_status) from None


def presets() -> None:
    """List the configurations that `huetune train` and a sweep's `base` know by name."""
    from rich.console import Console
    from rich.table import Table

    from search.spec.preset import presets as known

    table = Table("PRESET", "what it is")
    for name, description in known().items():
        table.add_row(name, description)
    Console().print(table)
