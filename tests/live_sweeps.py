"""Whole sweeps as a user runs them: the command line, a real Ray, real files."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from photos import Betons

from models.evaluation import Evaluation
from search.records import Sweep, read_evaluations, trial_folder


def write_spec(path: Path, betons: Betons, **changes: Any) -> Path:
    spec: dict[str, Any] = {
        "name": "small",
        "data": {"train": str(betons.train), "val": str(betons.val), "batch_size": 8},
        "objectives": {"l1": "min", "accuracy": "max"},
        "base": {
            "model": {"width": 0.125, "depth": 4},
            "loss": {"classification": 1.0},
            "evaluation": {"fid_images": 0, "samples": 2},
            "epochs": 3,
        },
        "space": {
            "loss.adversarial": ["bce", "wgan-gp"],
            "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
            "loss.l1": {"log": [1, 300]},
            "model.backbone": ["unet", "resnet18"],
        },
        "search": {"trials": 4, "seed": 1},
        "pruning": {"reduction": 2},
        "resources": {"cpu": os.cpu_count()},  # one trial at a time, so that their order is always the same
    }
    path.write_text(yaml.safe_dump(spec | changes))
    return path


def huetune(*arguments: object, storage: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "huetune", *map(str, arguments), "--storage", str(storage)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=storage)  # noqa: S603


def start(spec_file: Path, storage: Path, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "huetune", "sweep", "run", str(spec_file), "--storage", str(storage)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, text=True)  # noqa: S603


def wait_until(happened: Callable[[], Any], driver: subprocess.Popen[str]) -> None:
    while not happened():
        assert driver.poll() is None, "the sweep ended too early for this test"
        time.sleep(0.05)


def wait_for_evaluation(storage: Path, number: int, driver: subprocess.Popen[str]) -> None:
    wait_until(lambda: read_evaluations(trial_folder(storage / "small", number)), driver)


def results(sweep: Sweep) -> list[Any]:
    """All that must not depend on when and how often a sweep was broken off."""

    def timeless(evaluation: Evaluation) -> Evaluation:
        return evaluation.model_copy(update={"seconds": 0.0})

    return [
        (trial.number, trial.start.params, trial.state.state, trial.state.reason, [*map(timeless, trial.evaluations)])
        for trial in sweep.trials
    ]
