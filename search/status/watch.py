"""A sweep's summary that is drawn again and again."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live

from search.records import RecordsError
from search.status.reader import SweepReader
from search.status.show import rendered
from search.status.summarise import summarise

REDRAW_S = 2.0


def watch_status(reader: SweepReader, console: Console, sleep: Callable[[float], None] = time.sleep) -> None:
    """Draw until nobody runs the sweep, or Ctrl-C.

    Raises:
        RecordsError: there is no such sweep.
    """
    summary = summarise(reader.read(), datetime.now(UTC))
    with suppress(KeyboardInterrupt), Live(Group(*rendered(summary)), console=console, auto_refresh=False) as live:
        while summary.driver:
            sleep(REDRAW_S)
            with suppress(RecordsError):  # a copy that is being made: the next look tells
                summary = summarise(reader.read(), datetime.now(UTC))
            live.update(Group(*rendered(summary)), refresh=True)
