"""A table of real learning curves, on which ways to search can be tried without training: see record_curves.py."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

TABLE = Path(__file__).parent / "learning_curves.jsonl.gz"
NUM_EPOCHS = 27
"""A power of 3, as the rungs of successive halving like it."""
SPACE: dict[str, Any] = {
    "loss.l1": {"log": [1, 300]},
    "loss.classification": {"log": [0.01, 30]},
    "loss.weighting": ["fixed", "uncertainty"],
    "loss.adversarial": ["none", "bce", "lsgan", "wgan-gp"],
    "optimizer.generator_lr": {"log": [5e-5, 1e-2]},
    "model.width": [0.125, 0.1875, 0.25],
    "model.skips": [True, False],
}
"""What was drawn from, as a sweep file would say it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Part):
    """The first line of the table: how it was made."""

    made: str
    """The day."""
    machine: str
    photos: str
    versions: dict[str, str]
    base: dict[str, Any]
    """What all configurations have in common."""
    space: dict[str, Any]
    num_epochs: int
    seed: int


class Curve(_Part):
    """Every other line: one configuration, trained alone."""

    number: int
    params: dict[str, Any]
    metrics: dict[str, tuple[float, ...]]
    """By name, after each epoch; fewer than NUM_EPOCHS where the training diverged."""
    seconds: tuple[float, ...]
    """Of CPU time, up to each epoch."""
    diverged: str = ""
    """Why it broke off; empty: it did not."""

    def at(self, epoch: int) -> dict[str, float]:
        """The metrics after `epoch` epochs, from 1."""
        return {name: values[epoch - 1] for name, values in self.metrics.items()}


def read_table(path: Path = TABLE) -> tuple[Origin, tuple[Curve, ...]]:
    with gzip.open(path, "rt") as file:
        first, *rest = file
    return Origin.model_validate_json(first), tuple(Curve.model_validate_json(line) for line in rest)


def write_table(path: Path, origin: Origin, curves: list[Curve]) -> None:
    lines = [origin.model_dump_json(), *(curve.model_dump_json() for curve in curves)]
    # No time in the header: the same curves give the same bytes.
    path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0))
