"""`huetune cluster stage`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.commands import AddressOption, SettingsOption

if TYPE_CHECKING:
    from data.staged.parcel import Parcel
    from search.spec.sweep_spec import SweepSpec


def stage(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="The sweep that is to run.")],
    address: AddressOption = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WHERE",
            help="Folder, or s3://bucket/folder and the like, with the files, for nodes that do not see their paths.",
        ),
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Copy the photos and weights of a sweep to the own disk of each node; exit with 1 if a node is left without."""
    from rich.console import Console

    from cluster.stage.spread import spread
    from cluster.stage.table import bar, print_staged
    from search.driver.connection import connected
    from search.interruption import interruptible
    from search.preflight.nodes import living_nodes
    from search.spec.sweep_spec import load_spec

    console = Console()
    parcels = _parcels(load_spec(spec_file, settings or ()), store)
    with interruptible(), connected(address):
        nodes = living_nodes()
        with bar(len(nodes), console) as show:
            staged = spread(parcels, store, nodes, show)
    print_staged(staged, console)
    if any(one.fault for one in staged.values()):
        raise typer.Exit(1)


def _parcels(spec: "SweepSpec", store: str | None) -> "tuple[Parcel, ...]":
    """The sweep's files; of photos that are not here the store's manifest tells what they are."""
    from data.staged.parcel import beton_parcel
    from search.staging.plan import parcels_of

    if store is None:
        return parcels_of(spec)
    from cluster.stage.in_store import parcel_in_store
    from data.stores import opened_folder

    opened_folder(store)  # what is wrong with it is said once, not by every node
    return parcels_of(spec, lambda beton: beton_parcel(beton) if beton.exists() else parcel_in_store(beton, store))
