"""The study as a journal: a file to which each change of the study is appended as a line of JSON."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileBackend


class Journal(BaseJournalBackend):
    """Optuna's own, opened whatever a crash left of it, that can write several lines in one step."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            _cut_damaged_end(path)
        # Only one process drives a sweep: a lock that is there was left by a killed one, and Optuna would wait for it.
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        self._file = JournalFileBackend(str(path))
        self._held: list[dict[str, Any]] | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write at once, at the end of the block, all that the block writes; it reads nothing."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
        self._file.append_logs(held)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        if self._held is None:
            self._file.append_logs(logs)
        else:
            self._held += logs

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        return self._file.read_logs(log_number_from) if self._held is None else iter(())


def _cut_damaged_end(path: Path) -> None:
    """Keep the lines before the first damaged one: Optuna would write behind half a line, and then read no further."""
    num_bytes = 0
    with path.open("rb") as file:
        for line in file:
            if not _is_entry(line):
                break
            num_bytes += len(line)
    if num_bytes < path.stat().st_size:
        os.truncate(path, num_bytes)


def _is_entry(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False
