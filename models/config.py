"""A trial's whole configuration. Every field can be searched by its dotted path, such as `loss.l1`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from data.config import DataConfig

Task = Literal["colorization", "classification"]


WeightsFile = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
"""Absolute, since a worker of a cluster has another working directory."""


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelConfig(_Config):
    backbone: Literal["unet", "resnet18", "resnet34"] = "unet"
    width: float = Field(1.0, gt=0, le=4)
    """Factor on the number of channels of every network of the trial."""
    depth: int = Field(8, ge=3, le=10)
    """Halvings of the image side in the U-Net's encoder. A ResNet always has 5."""
    pretrained: bool = False
    """Start the ResNet encoder from ImageNet weights."""
    weights: WeightsFile | None = None
    """File of these weights. None: wherever they are found, see weights.py."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Dropout of the U-Net decoder's innermost skip blocks (Isola et al. 2017)."""

    @property
    def stride(self) -> int:
        """Factor from an image's side to the bottleneck's: sides must be multiples of it."""
        return 2**self.depth if self.backbone == "unet" else 32

    @model_validator(mode="after")
    def _pretrained_exists(self) -> Self:
        if self.pretrained and (self.backbone == "unet" or self.width != 1):
            raise ValueError("pretrained weights exist for a ResNet of width 1 only: set pretrained to false")
        return self


class LossConfig(_Config):
    l1: float = Field(100.0, gt=0)
    """Weight of the mean absolute error on ab; under learned weighting, the weight to start from."""
    classification: float = Field(0.0, ge=0)
    """Weight of the cross-entropy, likewise. 0: the network has no classification head."""
    weighting: Literal["fixed", "uncertainty"] = "fixed"
    weighting_lr: float = Field(1e-2, gt=0)
    """Learning rate of learned weights."""
    adversarial: Literal["bce", "wgan-gp"] = "bce"
    adversarial_weight: float = Field(1.0, ge=0)
    """Weight of the generator's adversarial loss. Always fixed: that loss can be negative."""
    critic_steps: int = Field(1, ge=1)
    """Discriminator steps for each generator step."""
    gradient_penalty: float = Field(10.0, ge=0)
    """λ of WGAN-GP; read by no other objective."""


class OptimizerConfig(_Config):
    """Adam, once for the generator and once for the discriminator."""

    generator_lr: float = Field(2e-4, gt=0)
    discriminator_lr: float = Field(2e-4, gt=0)
    beta1: float = Field(0.5, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)


class TaskStopping(_Config):
    patience: int | None = Field(None, ge=1)
    """Evaluations without improvement after which the task stops. None: never."""
    min_delta: float = Field(0.0, ge=0)
    """What counts as an improvement, in the units of the metric."""
    action: Literal["freeze", "detach"] = "freeze"
    """freeze: weight 0, and the task's own layers stay as they are.
    detach: these layers go on learning, but from features that they no longer shape."""


class ColorizationStopping(TaskStopping):
    metric: Literal["l1", "psnr", "ssim", "fid"] = "l1"


class ClassificationStopping(TaskStopping):
    metric: Literal["accuracy"] = "accuracy"


class EarlyStoppingConfig(_Config):
    """A monitor for each task; the trial ends when every task has stopped."""

    colorization: ColorizationStopping = ColorizationStopping()
    classification: ClassificationStopping = ClassificationStopping()


class EvaluationConfig(_Config):
    fid_images: int = Field(1000, ge=0)
    """Validation photos for the FID, the first of the file; 0: no FID. Values of different N do not compare."""
    fid_weights: WeightsFile | None = None
    """File of the Inception weights. None: wherever they are found, see weights.py."""
    samples: int = Field(6, ge=1, le=64)
    """Validation photos shown in TensorBoard and in the report."""

    @model_validator(mode="after")
    def _fid_needs_two(self) -> Self:
        if self.fid_images == 1:
            raise ValueError("fid_images must be 0 (no FID) or at least 2: one photo has no covariance")
        return self


class TrialConfig(_Config):
    data: DataConfig
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    early_stopping: EarlyStoppingConfig = EarlyStoppingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    epochs: int = Field(100, ge=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _fid_is_there_to_watch(self) -> Self:
        if self.early_stopping.colorization.metric == "fid" and not self.evaluation.fid_images:
            raise ValueError(
                "early_stopping.colorization.metric is fid, but evaluation.fid_images is 0: no FID to watch"
            )
        return self

    @property
    def tasks(self) -> tuple[Task, ...]:
        return ("colorization", "classification") if self.loss.classification > 0 else ("colorization",)
