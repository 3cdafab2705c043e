"""All that a trial in training consists of, and how it goes into a checkpoint."""

from typing import Any

import torch
from torch import nn

from models.adversarial import ADVERSARIAL
from models.backbones import build_generator
from models.config import Task, TrialConfig
from models.early_stopping import PerTaskEarlyStopping
from models.evaluation import Evaluation
from models.patchgan import PatchGAN
from models.weighting import build_weighting


class TrainingState:
    """Networks, optimisers, monitors and counters of one trial."""

    def __init__(self, config: TrialConfig, num_classes: int, side: int, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.side = config, device, side
        self.num_classes = num_classes if "classification" in config.tasks else 0
        self.objective = ADVERSARIAL[config.loss.adversarial]
        self.generator = build_generator(config.model, self.num_classes).to(device)
        self.discriminator = PatchGAN(config.model.width, normalised=not self.objective.penalised).to(device)
        self.weighting = build_weighting(config.loss, config.tasks).to(device)
        self.stopping = PerTaskEarlyStopping(config.early_stopping, config.tasks)
        self.optimizer, self.discriminator_optimizer = self._build_optimizers()
        self.epoch = 0
        self.step = 0
        self.seconds = 0.0
        self.history: list[Evaluation] = []

    def _build_optimizers(self) -> tuple[torch.optim.Adam, torch.optim.Adam]:
        config = self.config.optimizer
        betas = (config.beta1, config.beta2)
        groups: list[dict[str, Any]] = [{"params": list(self.generator.parameters()), "lr": config.generator_lr}]
        if learned := list(self.weighting.parameters()):
            groups.append({"params": learned, "lr": self.config.loss.weighting_lr})
        discriminator = torch.optim.Adam(self.discriminator.parameters(), config.discriminator_lr, betas)
        return torch.optim.Adam(groups, betas=betas), discriminator

    @property
    def active(self) -> tuple[Task, ...]:
        """The tasks that are still trained."""
        return tuple(task for task in self.config.tasks if not self.stopping.frozen(task))

    @property
    def detached(self) -> tuple[Task, ...]:
        """The tasks that no longer shape the encoder."""
        return tuple(task for task in self.config.tasks if self.stopping.detached(task))

    def set_training_mode(self) -> None:
        """Every network into training mode, but for the layers of frozen tasks, which keep their statistics too."""
        self.generator.train()
        self.discriminator.train()
        for task in self.config.tasks:
            frozen = self.stopping.frozen(task)
            layers = self.generator.layers_of(task)
            assert layers is not None
            layers.train(not frozen).requires_grad_(not frozen)

    def _parts(self) -> dict[str, nn.Module | torch.optim.Adam | PerTaskEarlyStopping]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "weighting": self.weighting,
            "optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "stopping": self.stopping,
        }

    def generator_checkpoint(self) -> dict[str, Any]:
        """What it takes to colorize."""
        return {
            "config": self.config.model_dump_json(),
            "num_classes": self.num_classes,
            "side": self.side,
            "epoch": self.epoch,
            "generator": self.generator.state_dict(),
        }

    def full_checkpoint(self) -> dict[str, Any]:
        """What it takes to go on as if nothing had happened, the random numbers included."""
        return self.generator_checkpoint() | {
            **{name: part.state_dict() for name, part in self._parts().items()},
            "step": self.step,
            "seconds": self.seconds,
            "history": [evaluation.model_dump_json() for evaluation in self.history],
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Go back to a full checkpoint."""
        for name, part in self._parts().items():
            part.load_state_dict(checkpoint[name])
        self.epoch, self.step, self.seconds = checkpoint["epoch"], checkpoint["step"], checkpoint["seconds"]
        self.history = [Evaluation.model_validate_json(line) for line in checkpoint["history"]]
        torch.set_rng_state(checkpoint["rng"])
        if checkpoint["cuda_rng"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(checkpoint["cuda_rng"], self.device)
