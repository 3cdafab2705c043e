"""What a build shows: progress while it runs, and in the end what was kept, class by class."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from data.filters import by_reason
from data.manifest import Manifest
from data.parallel import Item
from data.sources.photo import Split

_MAX_CLASS_ROWS = 40


class Bars:
    """One progress bar for each pass over the photos; none where the output is no terminal."""

    def __init__(self) -> None:
        console = Console()
        self._progress = Progress(console=console, disable=not console.is_terminal)

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, items: Iterable[Item], description: str, total: int) -> Iterable[Item]:
        return self._progress.track(items, total=total, description=description)


def print_summary(manifests: Mapping[Split, Manifest], headline: str) -> None:
    """A table of the photos by class and split, what was dropped, and the headline below."""
    first = next(iter(manifests.values()))
    table = Table("class" if first.classes else "", *manifests)
    for column in table.columns[1:]:
        column.justify = "right"
    if len(first.classes) <= _MAX_CLASS_ROWS:
        for name in first.classes:
            table.add_row(escape(name), *(f"{manifest.class_counts[name]:,}" for manifest in manifests.values()))
        table.add_section()
    kept = [manifest.num_samples for manifest in manifests.values()]
    table.add_row(f"{len(first.classes)} classes" if first.classes else "photos", *(f"{count:,}" for count in kept))
    console = Console()
    console.print(table)
    console.print(f"kept {sum(kept):,} photos; dropped: {by_reason(first.dropped)}", highlight=False)
    for split, manifest in manifests.items():
        if without := [name for name, count in manifest.class_counts.items() if not count]:
            named = ", ".join(without[:3]) + (" ..." if len(without) > 3 else "")
            console.print(f"no photo in {split} of {len(without)} classes: {named}", highlight=False, markup=False)
    if first.dropped:
        console.print("which ones, and why: see `dropped` in train.beton.json", highlight=False)
    console.print(headline, highlight=False, soft_wrap=True)
