"""The measured packing in words and as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from search.records import Packing


def show_packing(packings: Sequence[Packing], console: Console) -> None:
    """What so many trials do side by side on each kind of GPU, and what was chosen for all."""
    for packing in packings:
        console.print(packing_table(packing))
    for line in packing_lines(packings):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def packing_table(packing: Packing) -> Table:
    title = f"trials side by side on one {packing.device} of {gib(packing.memory_bytes)} ({packing.node})"
    table = Table("trials", "steps/s each", "together", "times one", "memory each", title=escape(title))
    for column in table.columns:
        column.justify = "right"
    for level in packing.levels:
        each = f"{min(level.steps_per_s):.3g} to {max(level.steps_per_s):.3g}"
        times = f"{level.together / packing.levels[0].together:.2f}"
        row = [str(level.copies), each if level.copies > 1 else f"{level.together:.3g}", f"{level.together:.3g}", times]
        table.add_row(*row, gib(level.peak_bytes), style="bold" if level.copies == packing.copies else None)
    return table


def packing_lines(packings: Sequence[Packing]) -> list[str]:
    """For each kind of GPU how many trials it would take, and what limits all of them."""
    lines = [
        f"{packing.device}: {packing.copies} trial{'s' if packing.copies > 1 else ''} on each, "
        f"{gain(packing):.2f} times the steps of one alone ({packing.why}); {_largest(packing)}"
        for packing in packings
    ]
    if len({packing.copies for packing in packings}) > 1:
        lines.append(f"the same for all: {copies_for_all(packings)} trials on each GPU")
    return lines


def _largest(packing: Packing) -> str:
    beside = f" and {gib(packing.process_bytes)} beside" if packing.process_bytes else ""
    return f"the largest trial ({packing.largest}) takes {gib(packing.largest_bytes)}{beside}"


def copies_for_all(packings: Sequence[Packing]) -> int:
    """What every kind of GPU has room for."""
    return min(packing.copies for packing in packings)


def gain(packing: Packing) -> float:
    """Steps of the chosen number together, in those of one alone."""
    together = {level.copies: level.together for level in packing.levels}
    return together[packing.copies] / together[1]


def gib(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.2f} GiB"
