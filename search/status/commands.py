"""`huetune sweep status`: how far a sweep is, without disturbing it."""

from typing import Annotated

import typer

from search.storage import DEFAULT_STORAGE, StorageOption, sweep_folder


def status(
    name: Annotated[str, typer.Argument(help="The sweep's name.")],
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again, until the sweep ends.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object, as search/status/summary.py has it.")
    ] = False,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Show how far a sweep is, without disturbing it."""
    from datetime import UTC, datetime

    from rich.console import Console

    from search.errors import SweepError
    from search.status.reader import SweepReader
    from search.status.show import show_status
    from search.status.summarise import summarise
    from search.status.watch import watch_status

    if watch and as_json:
        raise SweepError("--watch is for people and --json for programs; give one of them")
    reader, console = SweepReader(sweep_folder(storage, name)), Console()
    if as_json:
        typer.echo(summarise(reader.read(), datetime.now(UTC)).model_dump_json(indent=1))
    elif watch and console.is_terminal:
        watch_status(reader, console)
    else:  # nobody watches a file or a pipe
        show_status(reader.read(), console)
