"""When a task has learned enough, with a monitor for each, and when a trial has collapsed."""

from typing import Literal

from pydantic import Field

from models.config.section import Section


class TaskStopping(Section):
    criterion: Literal["patience", "tcdcn"] = "patience"
    """patience: evaluations without improvement of the metric. tcdcn: the task's training error has stopped falling
    while its validation error stays above it (Zhang et al. 2014, TCDCN)."""
    patience: int | None = Field(None, ge=1)
    """Evaluations without improvement after which the task stops. None: never."""
    min_delta: float = Field(0.0, ge=0)
    """What counts as an improvement, in the units of the metric."""
    window: int = Field(5, ge=2)
    """tcdcn: evaluations over which the trend of the training error is judged (k)."""
    threshold: float = Field(1.0, gt=0)
    """tcdcn: the task stops where trend times generalisation error exceeds it (ε)."""
    importance: float = Field(1.0, gt=0)
    """tcdcn: the larger, the longer the task may go on (λ of the paper's tasks)."""
    action: Literal["freeze", "detach"] = "freeze"
    """freeze: weight 0, and the task's own layers stay as they are.
    detach: these layers go on learning, but from features that they no longer shape."""


class ColorizationStopping(TaskStopping):
    metric: Literal["l1", "psnr", "ssim", "fid", "kid", "lpips", "auc", "auc_rebalanced"] = "l1"


class ClassificationStopping(TaskStopping):
    metric: Literal["accuracy", "macro_f1", "teacher_agreement"] = "accuracy"


class EarlyStoppingConfig(Section):
    """A monitor for each task; the trial ends when every task has stopped."""

    colorization: ColorizationStopping = ColorizationStopping()
    classification: ClassificationStopping = ClassificationStopping()
    collapse: int | None = Field(5, ge=1)
    """Evaluations in a row with a discriminator that cannot lose, or with photos that stay gray, after which the whole
    trial ends as collapsed. None: never."""
