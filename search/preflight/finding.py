"""What was found on a node."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["well", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """One line of a check. With a `fault` no trial should start; both texts say how to mend what was seen."""

    subject: str
    seen: str
    fault: str = ""
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        if self.fault:
            return "fault"
        return "note" if self.note else "well"

    @property
    def mend(self) -> str:
        return self.fault or self.note

    def __str__(self) -> str:
        return f"{self.subject}: {self.seen}" + (f"; {self.mend}" if self.mend else "")
