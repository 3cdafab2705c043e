"""What a sweep is asked to do, which can change while it runs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search.records import Change, read_sweep_record, write_record
from search.spec.sweep_spec import SweepSpec, parse_spec


class Ledger:
    """The sweep's record and its specification; each change is written down with who made it and why."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = read_sweep_record(folder)
        self.spec: SweepSpec = parse_spec(self.record.spec)

    def change(self, what: str, who: str, why: str, num_trials: int, **sections: Any) -> None:
        """Replace whole sections of the specification, once they have been checked.

        Raises:
            SpecError: no sweep can be so.
        """
        content = self.spec.model_dump(mode="json") | sections
        spec = parse_spec(content)
        note = Change(when=datetime.now(UTC), who=who, why=why, what=what, num_trials=num_trials)
        self._write(spec=content, lineage=(*self.record.lineage, note))
        self.spec = spec

    def set_paused(self, paused: bool) -> None:
        """Whether new trials are held back."""
        self._write(paused=paused)

    def begin_study(self) -> None:
        """Have the sampler begin anew from the records: its old memory is of another space."""
        self._write(num_studies=self.record.num_studies + 1)

    def _write(self, **fields: Any) -> None:
        record = self.record.model_copy(update=fields)
        write_record(self.folder, record)
        self.record = record
