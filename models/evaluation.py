"""What training reports each time it has validated."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

DIRECTIONS: dict[str, Literal["min", "max"]] = {
    "fid": "min",
    "accuracy": "max",
    "l1": "min",
    "psnr": "max",
    "ssim": "max",
}
"""Every validation metric and which way is better. fid and l1: see validation.py for their exact definitions."""


class Evaluation(BaseModel):
    """One validation of one trial."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    epoch: int
    """Epochs trained so far."""
    step: int
    """Batches trained on so far."""
    seconds: float
    """Wall-clock seconds of this trial so far, training and validation, over all its restarts."""
    metrics: dict[str, float]
    """Validation metrics by name, a subset of DIRECTIONS."""
    losses: dict[str, float] = {}
    """Mean training losses since the last evaluation, unweighted."""
    weights: dict[str, float] = {}
    """Loss weights in force now: fixed, learned, or 0 for a task that has stopped."""
    stopped: tuple[str, ...] = ()
    """Tasks that early stopping has ended so far."""
    finished: Literal["epochs", "early-stopping"] | None = None
    """Set on the last evaluation of a trial that trained to its end: why it ended."""
