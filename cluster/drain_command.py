"""`huetune cluster drain`."""

from typing import Annotated

import typer

from search.commands import AddressOption


def drain(
    seconds: Annotated[float, typer.Option(min=1, help="After which this machine goes.")],
    address: AddressOption = "auto",
) -> None:
    """Keep new trials from this machine, which is to go, and wait for those that it has; for hooks of spot nodes."""
    from cluster.drain import drain_this_node, trains

    drain_this_node(address or "auto", seconds, trains)
