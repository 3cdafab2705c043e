"""A trial's whole configuration. Every value can be searched by its dotted path, such as `loss.l1`."""

from typing import Self

from pydantic import Field, model_validator

from data.config import DataConfig
from models.config.comparison import differences
from models.config.compute import ComputeConfig
from models.config.early_stopping import ClassificationStopping, ColorizationStopping, EarlyStoppingConfig
from models.config.evaluation import EvaluationConfig
from models.config.loss import TASK_OF, LossConfig
from models.config.model import ModelConfig
from models.config.optimizer import OptimizerConfig
from models.config.phase_rules import check_phases
from models.config.phases import PhaseConfig
from models.config.section import Section, Task, WeightsFile


class TrialConfig(Section):
    data: DataConfig
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    compute: ComputeConfig = ComputeConfig()
    early_stopping: EarlyStoppingConfig = EarlyStoppingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    epochs: int = Field(100, ge=1)
    """Of a training without phases."""
    phases: tuple[PhaseConfig, ...] = ()
    """One after the other. None: everything trains for `epochs`."""
    start_from: WeightsFile | None = None
    """Checkpoint of another trial, whose generator this one begins with."""
    seed: int = Field(0, ge=0)

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.loss.tasks

    @property
    def schedule(self) -> tuple[PhaseConfig, ...]:
        """The phases, at least one."""
        return self.phases or (PhaseConfig(epochs=self.epochs),)

    def stopping(self, task: Task) -> ColorizationStopping | ClassificationStopping:
        return self.early_stopping.colorization if task == "colorization" else self.early_stopping.classification

    def differences(self, before: "TrialConfig") -> str:
        """In words, what makes this another training than `before`; empty if nothing does."""
        return differences(before.model_dump(mode="json"), self.model_dump(mode="json"))

    def num_batches(self, num_photos: int) -> int:
        """Batches in a pass over so many labelled photos: whole ones only."""
        return num_photos // (self.data.batch_size - self.data.num_unlabelled)

    def num_epochs(self, num_photos: int) -> int:
        """Passes that the whole training takes; one that a phase's last step cuts short counts as one."""
        total = 0
        for phase in self.schedule:
            chosen = min(phase.hardest or phase.photos or num_photos, num_photos)
            total += phase.num_epochs(self.num_batches(chosen))
        return total

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        # Not by what was set: a configuration that is read back from its record has everything set.
        if self.phases and self.epochs != TrialConfig.model_fields["epochs"].default:
            raise ValueError(
                f"epochs is {self.epochs}, but the phases have lengths of their own: remove epochs, "
                "and set phases.0.epochs and so on"
            )
        return self

    @model_validator(mode="after")
    def _phases_teach_something(self) -> Self:
        check_phases(self.schedule, self.loss, self.start_from)
        return self

    @model_validator(mode="after")
    def _sides_fit_the_networks(self) -> Self:
        stride = self.model.stride
        for name, side in (("image_size", self.data.image_size), ("crop", self.data.crop)):
            if side is not None and side % stride:
                depth = ", or lower model.depth" if self.model.backbone == "unet" else ""
                raise ValueError(
                    f"data.{name} is {side}, but {self.model.backbone} needs multiples of {stride} px: change it{depth}"
                )
        return self

    @model_validator(mode="after")
    def _parts_of_a_batch_have_photos(self) -> Self:
        if self.compute.accumulation > self.data.batch_size:
            raise ValueError(
                f"compute.accumulation is {self.compute.accumulation}, more parts than a batch of "
                f"{self.data.batch_size} has photos: lower it"
            )
        return self

    @model_validator(mode="after")
    def _bins_have_a_network(self) -> Self:
        if self.loss.bins and self.model.backbone != "eccv16":
            raise ValueError(
                f"loss.bins needs a network that predicts bins, and {self.model.backbone} does not: "
                "set model.backbone to eccv16"
            )
        if self.model.backbone == "eccv16" and "colorization" not in self.tasks:
            raise ValueError(
                "model.backbone is eccv16, a colorizer, but no loss asks for colours: set loss.bins above 0"
            )
        return self

    @model_validator(mode="after")
    def _fusion_has_colours_to_join(self) -> Self:
        if self.model.head == "fusion" and self.tasks == ("classification",):
            raise ValueError("model.head is fusion, but no loss asks for colours to join: set model.head to pooled")
        return self

    @model_validator(mode="after")
    def _tcdcn_has_errors_to_compare(self) -> Self:
        for task in self.tasks:
            if self.stopping(task).criterion == "tcdcn" and task not in {TASK_OF[n] for n in self.loss.task_losses}:
                raise ValueError(
                    f"early_stopping.{task} by tcdcn compares errors, and no loss measures one: set loss.l1"
                )
        return self

    @model_validator(mode="after")
    def _watched_metrics_are_measured(self) -> Self:
        metric = self.early_stopping.colorization.metric
        evaluation = self.evaluation
        missing = {
            "fid": "" if evaluation.fid_images else "evaluation.fid_images is 0",
            "kid": "" if evaluation.kid else "evaluation.kid is false",
            "lpips": "" if evaluation.lpips else "evaluation.lpips is not set",
        }.get(metric, "")
        if missing:
            raise ValueError(f"early_stopping.colorization.metric is {metric}, but {missing}: no {metric} to watch")
        agreement = self.early_stopping.classification.metric == "teacher_agreement"
        if "classification" in self.tasks and agreement != (self.loss.teacher is not None):
            raise ValueError(
                "early_stopping.classification.metric must be teacher_agreement with loss.teacher, and only then"
            )
        return self
