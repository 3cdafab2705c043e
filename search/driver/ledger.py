"""What a sweep is asked to do, which can change while it runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.manifest import Manifest
from search.driver.provenance import described
from search.errors import SpecError
from search.recording import write_record
from search.records import Change, Packing, Sweep, read_sweep_record
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
        num_studies = self.record.num_studies + ("space" in sections)
        lineage = self._lineage_with(what, who, why, num_trials)
        self._write(spec=content, lineage=lineage, num_studies=num_studies)
        self.spec = spec

    def set_test(self, test: Path, manifest: Manifest, who: str, why: str, num_trials: int) -> None:
        """Name the photos that the best trials are tested on; see checked_test. A sweep that has some may find them
        elsewhere."""
        if self.spec.data.test == test:
            return
        content = self.spec.model_dump(mode="json")
        content["data"]["test"] = str(test)
        spec, data = _checked(content), self.record.data | {"test": described(test, manifest)}
        # In one step: a resume looks for the hash of every file that the specification names.
        self._write(spec=content, data=data, lineage=self._lineage_with(f"data.test: {test}", who, why, num_trials))
        self.spec = spec

    def set_packing(self, packing: Sequence[Packing], gpu: float) -> None:
        """What each trial is given of a GPU, which the specification left to be measured."""
        content = self.spec.model_dump(mode="json")
        content["resources"]["gpu"] = gpu
        spec = _checked(content)
        self._write(spec=content, packing=tuple(packing))
        self.spec = spec

    def set_paused(self, paused: bool) -> None:
        """Whether new trials are held back."""
        self._write(paused=paused)

    def count_trials(self, sweep: Sweep) -> None:
        """Write down how many trials are recorded, so that a copy that lacks the last ones shows it."""
        num_trials = 1 + max((trial.number for trial in sweep.trials), default=-1)
        if num_trials > self.record.num_trials:
            self._write(num_trials=num_trials)

    def _lineage_with(self, what: str, who: str, why: str, num_trials: int) -> tuple[Change, ...]:
        change = Change(when=datetime.now(UTC), who=who, why=why, what=what, num_trials=num_trials)
        return (*self.record.lineage, change)

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
