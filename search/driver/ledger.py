"""What a sweep is asked to do, which can change while it runs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from search.errors import SpecError
from search.recording import write_record
from search.records import Change, read_sweep_record
from search.spec.checks import check_limits
from search.spec.explain import explain
from search.spec.sweep_spec import SweepSpec, parse_spec


class Ledger:
    """The sweep's record and its specification; each change is written down with who made it and why."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = read_sweep_record(folder)
        self.spec: SweepSpec = parse_spec(self.record.spec)

    def change(self, what: str, who: str, why: str, num_trials: int, **sections: Any) -> None:
        """Replace whole sections of the specification, once they have been checked. With another space the sampler
        begins anew from the records, since its memory is of the old one.

        Raises:
            SpecError: no sweep can be so.
        """
        content = self.spec.model_dump(mode="json") | sections
        # A space takes seconds to be checked, and orders are to be answered at once.
        spec = parse_spec(content) if "space" in sections else _checked(content)
        note = Change(when=datetime.now(UTC), who=who, why=why, what=what, num_trials=num_trials)
        num_studies = self.record.num_studies + ("space" in sections)
        self._write(spec=content, lineage=(*self.record.lineage, note), num_studies=num_studies)
        self.spec = spec

    def set_paused(self, paused: bool) -> None:
        """Whether new trials are held back."""
        self._write(paused=paused)

    def _write(self, **fields: Any) -> None:
        record = self.record.model_copy(update=fields)
        write_record(self.folder, record)
        self.record = record


def _checked(content: dict[str, Any]) -> SweepSpec:
    try:
        spec = SweepSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(explain(error, SweepSpec)) from None
    check_limits(spec)
    return spec
