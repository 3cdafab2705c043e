"""Why attempts at trials fail, and what follows from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import ray.exceptions

from search.records import Cause
from search.spec.sections import FailuresSection

CAUSES_OF_NODES: tuple[Cause, ...] = ("lost-node", "preemption")
"""They say nothing of the trial, so they never use up its retries."""

_OUT_OF_HOST_MEMORY = "the node ran out of memory; give trials more CPUs, so that fewer share a node"
_NODE_DIED = re.compile(r"node (has )?died|node (is|was) (dead|removed|terminated)", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """One failed attempt at a trial."""

    cause: Cause
    reason: str
    """One line."""


def failure_of(error: Exception | None) -> Failure:
    """What an error of Ray's says about the attempt that it ended."""
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return Failure("host-memory", _OUT_OF_HOST_MEMORY)
    if isinstance(error, ray.exceptions.RayActorError) and error.preempted:
        return Failure("preemption", "its node was taken away")
    if isinstance(error, ray.exceptions.NodeDiedError) or _NODE_DIED.search(str(error)):
        return Failure("lost-node", "its node was lost")
    return Failure("worker-death", f"its worker died: {_last_words(error)}")


def _last_words(error: Exception | None) -> str:
    if detail := re.search(r"Worker exit detail: ([^.]+)", str(error)):
        return detail[1]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nobody knows why"


class FailurePolicy:
    """Which failures a trial survives, and which end the whole sweep."""

    def __init__(self, section: FailuresSection) -> None:
        self._allowed: dict[Cause, int] = {
            "worker-death": section.worker_death,
            "host-memory": section.host_memory,
            "damaged-data": section.damaged_data,
        }
        self._same_bug = section.same_bug
        self._last_bug, self._times = "", 0

    def goes_on(self, failures: Mapping[str, int], cause: Cause) -> bool:
        """Whether a trial is tried again; `failures` by cause, this one included."""
        return cause in CAUSES_OF_NODES or failures.get(cause, 0) <= self._allowed.get(cause, 0)

    def settled(self, failed_because: str) -> str:
        """Hear of the end of a trial, whose reason is empty unless it failed; why no further trial should start, or ''.

        Numbers in the reasons do not count: the same error of two trials names other files.
        """
        bug = re.sub(r"[0-9]+", "#", failed_because)
        self._times = self._times + 1 if bug and bug == self._last_bug else int(bool(bug))
        self._last_bug = bug
        return failed_because if self._times >= self._same_bug else ""
