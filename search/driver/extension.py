"""More of a sweep: more trials or hours, or another space for the trials to come."""

from pathlib import Path
from typing import Any

from search.control.mailbox import who
from search.driver.ledger import Ledger
from search.driver.lock import only_driver
from search.errors import SpecError, SweepError
from search.records import read_sweep, read_sweep_record
from search.spec.yaml_file import read_sections


def extend_sweep(
    folder: Path,
    trials: int = 0,
    hours: float = 0,
    gpu_hours: float = 0,
    space: Path | None = None,
    why: str = "",
) -> str:
    """Write down that a sweep is to do more, so that resuming it does; in words, what.

    trials, hours, gpu_hours: on top of what was asked for; space: a file whose section `space` replaces the sweep's.
    With another space the sampler keeps what it learnt of the trials that lie in it.

    Raises:
        HuetuneError: the sweep runs now, has no such limit, or could not be so.
    """
    read_sweep_record(folder)
    with only_driver(folder):
        ledger = Ledger(folder)
        search, budget = dict(ledger.record.spec["search"]), dict(ledger.record.spec["budget"])
        sections: dict[str, Any] = {"search": search, "budget": budget}
        words = []
        if trials:
            search["trials"] += trials
            words.append(f"{trials} more trials")
        for name, more in (("hours", hours), ("gpu_hours", gpu_hours)):
            if more:
                budget[name] = _limit(budget, name) + more
                words.append(f"{more:g} more {name}")
        if space is not None:
            sections["space"] = _space_of(space)
            search["enqueue"] = []  # points of the space that was, which have been tried
            words.append(f"the space of {space}")
        if not words:
            raise SweepError("nothing to extend by: give --trials, --hours, --gpu-hours or --space")
        ledger.change("; ".join(words), who(), why, len(read_sweep(folder).trials), **sections)
        return "; ".join(words)


def _limit(budget: dict[str, Any], name: str) -> float:
    if budget[name] is None:
        raise SweepError(f"the sweep has no limit of {name} that could be extended: it ends by its other limits")
    limit: float = budget[name]
    return limit


def _space_of(path: Path) -> dict[str, Any]:
    content = read_sections(path, "sweep", "space")
    if not isinstance(space := content.get("space"), dict) or not space:
        raise SpecError(f"{path}: has no section `space`; add the ranges of the trials to come")
    return space
