"""The looks at a node, torch imported only where it is asked. Runs on that node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.check.limits import free_memory_bytes, limits
from search.preflight.finding import Finding
from search.preflight.look import Question, look
from search.worker.own_folder import leave_vanished_folder

if TYPE_CHECKING:  # with torch
    from cluster.check.closer import CloserView
    from models.pretrained import WantedWeights


@dataclass(frozen=True)
class View:
    """What was found."""

    findings: tuple[Finding, ...]
    free_ram_bytes: int


def look_around(question: Question) -> View:
    """All that the quick check of `sweep run` asks for, and the limits of the system."""
    return View((*look(question), *limits()), free_memory_bytes())


def look_closer(num_gpus: int, weights: Sequence[WantedWeights], starts: Sequence[Path]) -> CloserView:
    """What torch finds; see cluster/check/closer.py."""
    leave_vanished_folder()
    from cluster.check.closer import closer_view

    return closer_view(num_gpus, weights, starts)
