"""The losses of a trial and their weights. A weight of 0 leaves a task's loss out."""

from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from models.config.classifiers import Classifier
from models.config.section import Section, Task

ReconstructionLoss = Literal["l1", "l2", "smooth_l1", "perceptual", "bins"]
AB_LOSSES = ("l1", "l2", "smooth_l1", "perceptual")
"""Those that compare colours; `bins` compares distributions of them."""
TaskLoss = Literal[ReconstructionLoss, "classification"]
LossName = Literal[TaskLoss, "adversarial"]
TASK_OF: dict[TaskLoss, Task] = {
    name: "classification" if name == "classification" else "colorization" for name in get_args(TaskLoss)
}

CHANGEABLE_WEIGHTS: tuple[str, ...] = (*TASK_OF, "adversarial_weight", "gradient_penalty")
"""What can change while a network learns: they are read anew in every step."""

Weighting = Literal["fixed", "uncertainty", "liebel-koerner", "dwa", "gradnorm", "pcgrad", "cagrad"]
Adversarial = Literal["none", "bce", "l1", "lsgan", "hinge", "wgan-gp"]


class LossConfig(Section):
    l1: float = Field(100.0, ge=0)
    """Weight of the mean absolute error on ab. Learned weights start from the weights given here."""
    l2: float = Field(0.0, ge=0)
    """Weight of the mean squared error on ab."""
    smooth_l1: float = Field(0.0, ge=0)
    """Weight of the Huber loss on ab, quadratic below 1."""
    perceptual: float = Field(0.0, ge=0)
    """Weight of the distance in the features of a pretrained network."""
    perceptual_network: Literal["vgg16", "lpips"] = "vgg16"
    """vgg16: Johnson et al. 2016; lpips: Zhang et al. 2018, on the same network."""
    bins: float = Field(0.0, ge=0)
    """Weight of the cross-entropy over ab bins; above 0 the network predicts a distribution over bins."""
    bins_target: Literal["soft", "onehot"] = "soft"
    """soft: the 5 nearest bins under a Gaussian; onehot: the nearest alone."""
    rebalancing: float | None = Field(None, ge=0, le=1)
    """Weigh the bins by their rarity, with this share λ of the uniform distribution. None: all alike."""
    classification: float = Field(0.0, ge=0)
    """Weight of the classification loss. 0: the network has no classification head."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Of the classes, shared out evenly (Szegedy et al. 2016)."""
    teacher: Classifier | None = None
    """A torchvision classifier with its ImageNet weights, whose distribution over its 1,000 classes the head learns by
    KL divergence instead of labels (Vitoria et al. 2020, ChromaGAN)."""
    weighting: Weighting = "fixed"
    weighting_lr: float = Field(1e-2, gt=0)
    """Learning rate of learned weights."""
    dwa_temperature: float = Field(2.0, gt=0)
    gradnorm_alpha: float = Field(1.5, ge=0)
    """How strongly GradNorm holds back tasks that learn fast."""
    cagrad_c: float = Field(0.5, ge=0, lt=1)
    """How far CAGrad may go from the mean gradient."""
    adversarial: Adversarial = "bce"
    adversarial_weight: float = Field(1.0, gt=0)
    """Weight of the generator's adversarial loss; without one, set adversarial to none. Never learned: that loss can be
    negative."""
    adversarial_balance: Literal["fixed", "gradient-norm"] = "fixed"
    """gradient-norm: times the ratio of the reconstruction's to the adversarial gradient at the last layer
    (Esser et al. 2021)."""
    real_label: float = Field(1.0, gt=0.5, le=1)
    """What the discriminator is to say of real photos: below 1 is one-sided label smoothing."""
    critic_steps: int = Field(1, ge=1)
    """Discriminator steps for each generator step."""
    gradient_penalty: float = Field(10.0, ge=0)
    """λ of WGAN-GP; read by no other objective."""

    def weight(self, name: TaskLoss) -> float:
        value: float = getattr(self, name)
        return value

    @property
    def task_losses(self) -> tuple[TaskLoss, ...]:
        """Those in force, the adversarial one aside."""
        return tuple(name for name in TASK_OF if self.weight(name) > 0)

    @property
    def has_adversary(self) -> bool:
        return self.adversarial != "none"

    @property
    def tasks(self) -> tuple[Task, ...]:
        wanted = {TASK_OF[name] for name in self.task_losses}
        if self.has_adversary:
            wanted.add("colorization")
        return tuple(task for task in get_args(Task) if task in wanted)

    @field_validator("adversarial_weight", mode="before")
    @classmethod
    def _never_learned(cls, weight: Any) -> Any:
        if weight in ("learned", "uncertainty"):
            raise ValueError(
                "an adversarial loss can be negative, and a learned weight on it would then grow without end: "
                "give a number, or set adversarial_balance to gradient-norm"
            )
        return weight

    @model_validator(mode="after")
    def _something_to_learn(self) -> Self:
        if not self.tasks:
            raise ValueError("every weight is 0 and adversarial is none: nothing to learn; set l1 or classification")
        return self

    @model_validator(mode="after")
    def _weighting_has_two_to_weigh(self) -> Self:
        if self.weighting in ("gradnorm", "pcgrad", "cagrad") and len(self.tasks) < 2:
            raise ValueError(
                f"weighting {self.weighting} weighs two tasks: set classification above 0, or weighting to fixed"
            )
        if self.weighting == "gradnorm" and len({TASK_OF[name] for name in self.task_losses}) < 2:
            raise ValueError(
                "weighting gradnorm leaves the adversarial loss out: set l1 above 0, or weighting to fixed"
            )
        if self.weighting == "dwa" and len(self.task_losses) < 2:
            raise ValueError(
                "weighting dwa weighs two losses or more: set classification above 0, or weighting to fixed"
            )
        if self.weighting != "fixed" and not self.task_losses:
            raise ValueError(f"weighting {self.weighting} has no loss to weigh: set l1 above 0, or weighting to fixed")
        return self

    @model_validator(mode="after")
    def _smoothing_is_read(self) -> Self:
        if self.real_label != 1 and self.adversarial not in ("bce", "l1", "lsgan"):
            raise ValueError(f"real_label is {self.real_label}, but {self.adversarial} has no labels: set it to 1")
        if self.adversarial_balance != "fixed" and not any(
            TASK_OF[name] == "colorization" for name in self.task_losses
        ):
            raise ValueError("adversarial_balance needs a reconstruction loss to balance: set l1 above 0")
        if self.teacher and not self.classification:
            raise ValueError(f"teacher is {self.teacher}, but nothing learns from it: set classification above 0")
        if self.label_smoothing and self.teacher:
            raise ValueError("label_smoothing smooths labels, and teacher replaces them: set one of the two")
        return self
