"""What is shown of staging: how far it is, and in the end what came of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from cluster.stage.agent import Staged
from cluster.stage.spread import Show
from search.preflight.nodes import Node

MAX_ROWS = 20
"""Nodes without a fault beyond these are counted, not listed."""


@contextmanager
def bar(num_nodes: int, console: Console) -> Iterator[Show]:
    """One bar for all nodes; nothing where the output is no terminal."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("copying", total=None)

        def show(copied: int, total: int, done: int) -> None:
            text = f"copying: {done} of {num_nodes} nodes done"
            progress.update(task, completed=copied, total=total, description=text)

        yield show


def print_staged(staged: Mapping[Node, Staged], console: Console) -> None:
    """A line for each node, those with a fault first."""
    fold = Column("", overflow="fold")
    table = Table("node", "", "copied", "there already", "from", "room left", fold)
    faulty = {node: one for node, one in staged.items() if one.fault}
    well = {node: one for node, one in staged.items() if not one.fault}
    for node, one in [*faulty.items(), *list(well.items())[:MAX_ROWS]]:
        verdict = "[red]fault[/red]" if one.fault else "[green]well[/green]"
        copied = f"{one.num_copied} ({decimal(one.bytes_copied)})" if one.num_copied else ""
        there = str(one.num_there) if one.num_there else ""
        deleted = f"deleted unused {', '.join(one.evicted)}" if one.evicted else ""
        told = "; ".join(filter(None, [one.fault, deleted]))
        cells = [copied, there, ", ".join(one.sources), one.room, told]
        table.add_row(escape(node.name), verdict, *map(escape, cells))
    console.print(table)
    if len(well) > MAX_ROWS:
        console.print(f"and {len(well) - MAX_ROWS} more nodes are well", highlight=False)
