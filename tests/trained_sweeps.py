"""A sweep with checkpoints of untrained generators, for tests of what uses them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from photos import Betons
from recorded_sweeps import write_sweep, write_trial

from models.config.trial import TrialConfig
from models.networks.generators import build_generator
from models.training.checkpoint import LAST, checkpoint_path, save_checkpoint


def written_sweep(folder: Path, betons: Betons, classes: Sequence[str], **sections: Any) -> Path:
    """One complete trial, number 0; sections: of its configuration, in place of these."""
    base: dict[str, Any] = {
        "data": {"train": betons.train, "val": betons.val, "batch_size": 4},
        "model": {"depth": 4, "width": 0.125},
        "loss": {"classification": 1.0},
        "evaluation": {"fid_images": 9, "kid": True, "metric_space": "lab01"},
    }
    config = TrialConfig.model_validate(base | sections)
    sweep = write_sweep(folder, val={"classes": list(classes), "sha256": "ab" * 32, "num_samples": 9, "fid_images": 9})
    trial = write_trial(sweep, 0, [{"fid": 1.0, "accuracy": 0.5}], params={"loss.l1": 50.0})
    torch.manual_seed(0)
    num_classes = 3 if "classification" in config.tasks else 0
    generator = build_generator(config, num_classes, 32)
    state = generator.state_dict()
    for name, value in state.items():  # as if it had been trained: statistics that are not those of a new network
        if name.endswith("running_mean"):
            value.normal_(0, 0.01)
    content = {"config": config.model_dump_json(), "num_classes": num_classes, "side": 32, "generator": state}
    save_checkpoint(checkpoint_path(trial / "checkpoints", LAST), content)
    return sweep
