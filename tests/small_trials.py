"""Trials of tiny networks on a few images in memory, for tests of the training."""

import copy
import itertools
from pathlib import Path
from typing import Any

import torch
from memory_batches import MemoryBatches

from data.bins import gamut_bins
from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from models.measures.validation import Validation
from models.training.loop import train
from models.training.state import TrainingState

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "data": {"train": "train.beton", "val": "val.beton", "batch_size": 4},
    "model": {"width": 0.125, "depth": 4},
    "loss": {"classification": 1.0},
    "evaluation": {"fid_images": 0},
    "epochs": 3,
}
COUNTS = torch.ones(gamut_bins().num_bins)


def trial_config(**changes: Any) -> TrialConfig:
    """SMALL, with whole sections replaced; one replaced by None is left out."""
    content = SMALL | changes
    return TrialConfig.model_validate({name: value for name, value in content.items() if value is not None})


def new_state(config: TrialConfig, side: int = 32) -> TrainingState:
    return TrainingState(config, 3, side, CPU, COUNTS, {"train": "a" * 64, "val": "b" * 64})


def validation(state: TrainingState, side: int = 32) -> Validation:
    classes = ("one", "two", "three")
    return Validation(MemoryBatches(side=side), state.config, classes, state.losses, COUNTS, None, CPU)


def run(config: TrialConfig, folder: Path, stop_after: int | None = None, side: int = 32) -> list[Evaluation]:
    """The evaluations of a trial, or the first of them, with seconds that are always 0."""
    state = new_state(config, side)
    batches = MemoryBatches(num_batches=3, side=side)
    evaluations = train(state, batches, validation(state, side), folder, clock=lambda: 0.0)
    return list(itertools.islice(evaluations, stop_after))


def weights_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return copy.deepcopy(module.state_dict())


def changed(module: torch.nn.Module, before: dict[str, torch.Tensor]) -> bool:
    """Whether any weight or statistic is another one than before."""
    return not all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def same(left: Any, right: Any) -> bool:
    """Whether two checkpoints hold the same, bit by bit."""
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
