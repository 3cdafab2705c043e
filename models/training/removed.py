"""Checkpoints that were removed on purpose: whoever looks for one later is told why it is not there."""

from pathlib import Path

from data.files import write_atomically

MARK = "REMOVED"
"""Name of the file that says so, in a trial's folder of checkpoints."""


def mark_removed(checkpoints: Path, reason: str) -> None:
    """Leave the reason, part of a sentence, in a trial's folder of checkpoints; to be done before any is deleted."""
    write_atomically(checkpoints / MARK, f"{reason}\n")


def removed_because(checkpoints: Path) -> str | None:
    """Why there are checkpoints missing in the folder; None: nobody has removed any."""
    path = checkpoints / MARK
    return path.read_text().strip() if path.exists() else None
