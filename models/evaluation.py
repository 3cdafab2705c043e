"""What training reports each time it has validated."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
DIRECTIONS: dict[str, Literal["min", "max"]] = {
    "fid": "min",
    "kid": "min",
    "lpips": "min",
    "accuracy": "max",
    "macro_f1": "max",
    "teacher_agreement": "max",
    "l1": "min",
    "psnr": "max",
    "ssim": "max",
    "auc": "max",
    "auc_rebalanced": "max",
    "colourfulness_distance": "min",
    "classifier_top1": "max",
    "classifier_agreement": "max",
}
"""Every validation metric and which way is better. Their exact definitions are in measures/README.md."""
COSTLY = {"fid", "kid", "kid_low", "kid_high", "lpips", "classifier_top1", "classifier_agreement"}
"""Metrics and details that are not measured every time, and on the first photos alone: see evaluation.costly_every."""
OF_LABELS = {"accuracy", "macro_f1", "classifier_top1"}
"""Metrics of the labelled photos alone, left out where there are none."""


def num_behind(name: str, *, num_photos: int, num_labelled: int, num_costly: int) -> int:
    """Photos behind a metric or detail, at most: of the costly ones the labelled may be fewer."""
    num_seen = num_costly if name in COSTLY else num_photos
    return min(num_seen, num_labelled) if name in OF_LABELS else num_seen


@dataclass(frozen=True)
class Measurement:
    """One validation of a generator."""

    metrics: dict[str, float]
    """By name, a subset of DIRECTIONS."""
    losses: dict[str, float] = field(default_factory=dict)
    """The losses of the training, measured on the validation photos, unweighted."""
    details: dict[str, float] = field(default_factory=dict)
    """What is neither better high nor low: colourfulness, the ends of an interval, the discriminator's error."""


class Evaluation(BaseModel):
    """One validation of one trial."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    epoch: Amount
    """Passes over the training photos so far: a whole number at the end of each."""
    step: int
    """Batches trained on so far."""
    seconds: Amount
    """Wall-clock seconds of this trial so far, training and validation, over all its restarts."""
    phase: str = ""
    """Name of the training phase."""
    metrics: dict[str, float]
    """Validation metrics by name, a subset of DIRECTIONS; the costly ones not every time."""
    details: dict[str, float] = {}
    """Values that go with the metrics but have no better and worse, such as the ends of KID's interval."""
    losses: dict[str, float] = {}
    """Mean training losses since the last evaluation, unweighted."""
    val_losses: dict[str, float] = {}
    """The same losses on the validation photos."""
    weights: dict[str, float] = {}
    """Loss weights in force now: fixed, learned, or 0 for a task that has stopped."""
    learning_rates: dict[str, float] = {}
    """In force now, by part of the networks."""
    stopped: tuple[str, ...] = ()
    """Tasks that early stopping has ended so far."""
    finished: Literal["epochs", "early-stopping"] | None = None
    """Set on the last evaluation of a trial that trained to its end: why it ended."""
