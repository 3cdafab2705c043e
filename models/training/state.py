"""All that a trial in training consists of, and how it goes into a checkpoint."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.config.phases import PhaseConfig
from models.config.section import OWN_PART, Part, Task
from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from models.networks.colorizer import Colorizer
from models.networks.generators import build_discriminator, build_generator
from models.networks.patchgan import PatchGAN
from models.objectives.adversarial import build_adversarial
from models.objectives.task_losses import TaskLosses
from models.objectives.weighting import build_weighting
from models.training.checkpoint import CheckpointError, evaluated_weights, require_same
from models.training.collapse import CollapseMonitor
from models.training.early_stopping import PerTaskEarlyStopping
from models.training.optimizers import build_optimizer
from models.training.position import Position
from models.training.random_state import get_random_state, set_random_state

NUM_TEACHER_CLASSES = 1000
MAX_GRAPHS = 64
"""Of one function, before torch.compile gives up and says so."""


class TrainingState:
    """Networks, optimisers, monitors and counters of one trial."""

    def __init__(
        self,
        config: TrialConfig,
        num_classes: int,
        side: int,
        device: torch.device,
        bin_counts: Tensor | None = None,
        data: Mapping[str, str] | None = None,
    ) -> None:
        """num_classes: of the labels; side: of the photos, in pixels; bin_counts: (Q,) training pixels by ab bin;
        data: the hash of each .beton file by its field."""
        torch.manual_seed(config.seed)
        self.config, self.device, self.side, self.data = config, device, side, dict(data or {})
        self.num_classes = num_logits(config, num_classes)
        self._build_networks()
        self.losses = TaskLosses(config, bin_counts).to(device)
        self.weighting = build_weighting(config.loss).to(device)
        self.stopping = PerTaskEarlyStopping(config)
        self.collapse = CollapseMonitor(config)
        self._build_optimizers()
        self.accumulation = config.compute.accumulation
        self.position = Position()
        self.photos: NDArray[np.int64] | None = None
        """Numbers of the training photos of this phase. None: all, or not chosen yet."""
        self.seconds = 0.0
        self.history: list[Evaluation] = []

    def _build_networks(self) -> None:
        config, compute = self.config, self.config.compute
        layout = torch.channels_last if compute.channels_last else torch.contiguous_format
        self.generator = build_generator(config, self.num_classes, self.side).to(self.device).to(memory_format=layout)
        self.adversary = build_adversarial(config.loss)
        self.discriminator: PatchGAN | None = None
        if self.adversary is not None:
            self.discriminator = build_discriminator(config).to(self.device).to(memory_format=layout)
        decay = config.optimizer.ema_decay
        self.average: AveragedModel | None = None
        if decay is not None:
            average = get_ema_multi_avg_fn(decay)
            self.average = AveragedModel(self.generator, multi_avg_fn=average, use_buffers=True)
        if compute.compile:
            self._compile()

    def _compile(self) -> None:
        """Part by part: weightings by gradient look for the encoder's weights in the graph, and what is compiled is one
        node there."""
        # Each width, mode and set of frozen parts is a graph, and a worker has many trials: 8 graphs do not last.
        torch._dynamo.config.recompile_limit = MAX_GRAPHS
        for module in self.generator_parts.values():
            module.compile()
        # A second derivative, which the gradient penalty takes, is beyond torch.compile.
        if self.discriminator is not None and self.adversary is not None and not self.adversary.penalised:
            self.discriminator.compile()

    def _build_optimizers(self) -> None:
        config, compute = self.config.optimizer, self.config.compute
        self.optimizer = build_optimizer(
            config, compute, [*self.generator_parts.items(), ("weighting", self.weighting)]
        )
        self.discriminator_optimizer: torch.optim.Optimizer | None = None
        if self.discriminator is not None:
            self.discriminator_optimizer = build_optimizer(config, compute, [("discriminator", self.discriminator)])

    @property
    def generator_parts(self) -> dict[Part, nn.Module]:
        """Those that the generator has of encoder, decoder and head."""
        generator = self.generator
        parts: dict[Part, nn.Module | None] = {
            "encoder": generator.encoder,
            "decoder": generator.decoder,
            "head": generator.head,
        }
        return {part: module for part, module in parts.items() if module is not None}

    @property
    def evaluated(self) -> Colorizer:
        """The generator that is measured and kept: the moving average, if there is one."""
        if self.average is None:
            return self.generator
        average: Any = self.average.module
        assert isinstance(average, Colorizer)
        return average

    @property
    def over(self) -> bool:
        """Nothing is left to train."""
        return self.stopping.all_stopped or self.position.phase >= len(self.config.schedule)

    @property
    def phase(self) -> PhaseConfig:
        return self.config.schedule[self.position.phase]

    def learns(self, task: Task) -> bool:
        """Whether the present phase teaches the generator this task, and it has not been stopped for good."""
        if self.stopping.frozen(task) or not self.phase.teaches(task, self.config.loss):
            return False
        return not self.stopping.detached(task) or self.phase.learns(OWN_PART[task])

    def autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.compute.precision == "bf16")

    def generator_checkpoint(self) -> dict[str, Any]:
        """What it takes to colorize."""
        return {
            "config": self.config.model_dump_json(),
            "data": self.data,
            "num_classes": self.num_classes,
            "side": self.side,
            "epoch": self.position.epoch,
            "generator": self.evaluated.state_dict(),
        }

    def full_checkpoint(self) -> dict[str, Any]:
        """What it takes to go on as if nothing had happened, the random numbers included."""
        return self.generator_checkpoint() | {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "average": None if self.average is None else self.average.module.state_dict(),
            "num_averaged": 0 if self.average is None else int(self.average.n_averaged),
            "position": vars(self.position),
            "photos": None if self.photos is None else torch.from_numpy(self.photos),
            "accumulation": self.accumulation,
            "seconds": self.seconds,
            "history": [evaluation.model_dump_json() for evaluation in self.history],
            "random": get_random_state(self.device),
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Go back to a full checkpoint.

        Raises:
            CheckpointError: it is of another configuration, or of other photos.
        """
        require_same(checkpoint, self.config, self.data)
        for name, part in self._parts().items():
            if name not in checkpoint:
                raise CheckpointError(f"the checkpoint has no {name}, as it is of an older huetune; start a new trial")
            part.load_state_dict(checkpoint[name])
        if self.average is not None:
            self.average.module.load_state_dict(evaluated_weights(checkpoint))
            self.average.n_averaged.fill_(checkpoint["num_averaged"])
        self.position = Position(**checkpoint["position"])
        self.photos = None if checkpoint["photos"] is None else checkpoint["photos"].numpy()
        self.accumulation, self.seconds = checkpoint["accumulation"], checkpoint["seconds"]
        self.history = [Evaluation.model_validate_json(line) for line in checkpoint["history"]]
        set_random_state(checkpoint["random"], self.device)

    def _parts(self) -> dict[str, Any]:
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "weighting": self.weighting,
            "optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "stopping": self.stopping,
            "collapse": self.collapse,
        }
        return {name: part for name, part in parts.items() if part is not None}


def num_logits(config: TrialConfig, num_classes: int) -> int:
    """Of the classification head: 0 without one. num_classes: of the labels."""
    if "classification" not in config.tasks:
        return 0
    return num_classes if config.loss.teacher is None else NUM_TEACHER_CLASSES
