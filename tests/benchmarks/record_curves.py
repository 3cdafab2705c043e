"""Train configurations drawn at random and keep their learning curves: makes learning_curves.jsonl.gz.

    huetune data build .../cifar10/train --classes airplane,automobile,frog,horse,ship --size 32 --subset 590 \
        --val 256 --raw --out DATA
    OMP_NUM_THREADS=1 python tests/benchmarks/record_curves.py DATA SCRATCH [--configurations 240] [--seed 0]

Each configuration is trained in this process for 27 epochs, by the project's own loop, and measured after each. SCRATCH
keeps one file for each that is done: broken off, the command goes on with the next. The same seed and photos give the
same table but for its seconds.
"""

from __future__ import annotations

import argparse
import copy
import importlib.metadata
import math
import os
import platform
import random
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from curves import NUM_EPOCHS, SPACE, TABLE, Curve, Origin, write_table

from data.files import write_atomically
from data.loaders import open_loader
from data.manifest import Manifest, check_quick
from models.config.trial import TrialConfig
from models.measures.validation import Validation
from models.training.loop import DivergedError, train
from models.training.state import TrainingState

CPU = torch.device("cpu")
BASE: dict[str, Any] = {
    "model": {"depth": 4},
    "evaluation": {"fid_images": 64, "lpips": "alex"},
    "epochs": NUM_EPOCHS,
}
BATCH_SIZE = 16
KEPT = ("l1", "lpips", "auc", "auc_rebalanced", "psnr", "colourfulness_distance", "accuracy", "macro_f1")
NUM_DIGITS = 5


def draw(number: int, seed: int) -> dict[str, Any]:
    """Configuration `number`, whichever were drawn before."""
    pick = random.Random(f"{seed} {number}")  # noqa: S311
    params: dict[str, Any] = {}
    for path, entry in SPACE.items():
        if isinstance(entry, list):
            params[path] = pick.choice(entry)
        else:
            low, high = map(math.log, entry["log"])
            params[path] = float(f"{math.exp(pick.uniform(low, high)):.{NUM_DIGITS}g}")
    return params


def trial_config(data: Path, params: dict[str, Any]) -> TrialConfig:
    content = copy.deepcopy(BASE)
    content["data"] = {"train": data / "train.beton", "val": data / "val.beton", "batch_size": BATCH_SIZE}
    for path, value in params.items():
        section, name = path.split(".")
        content.setdefault(section, {})[name] = value
    return TrialConfig.model_validate(content)


def curve(data: Path, number: int, params: dict[str, Any]) -> Curve:
    """Train one configuration to its end."""
    config = trial_config(data, params)
    manifest = check_quick(config.data.train)
    counts = torch.tensor(manifest.ab_bin_counts)
    rows: list[dict[str, float]] = []
    seconds: list[float] = []
    diverged = ""
    with (
        closing(open_loader(config.data.train, config.data, training=True, seed=config.seed, device=CPU)) as batches,
        closing(open_loader(config.data.val, config.data, training=False, seed=config.seed, device=CPU)) as val,
        tempfile.TemporaryDirectory() as checkpoints,
    ):
        state = TrainingState(config, len(manifest.classes), manifest.size, CPU, counts, _hashes(config))
        validation = Validation(val, config, manifest.classes, state.losses, counts, None, CPU)
        try:
            for evaluation in train(state, batches, validation, Path(checkpoints), clock=time.process_time):
                rows.append(evaluation.metrics)
                seconds.append(evaluation.seconds)
        except DivergedError as error:
            diverged = str(error)
    metrics = {name: tuple(_rounded(row[name]) for row in rows) for name in KEPT}
    return Curve(
        number=number, params=params, metrics=metrics, seconds=tuple(map(_rounded, seconds)), diverged=diverged
    )


def origin(data: Path, seed: int) -> Origin:
    manifests = {split: check_quick(data / f"{split}.beton") for split in ("train", "val")}
    return Origin(
        made=datetime.now(UTC).date().isoformat(),
        machine=f"1 of {os.cpu_count()} cores, {_processor()}",
        photos="CIFAR-10; " + "; ".join(_described(split, manifest) for split, manifest in manifests.items()),
        versions={name: importlib.metadata.version(name) for name in ("torch", "torchvision", "numpy")}
        | {"python": platform.python_version()},
        base=BASE | {"data": {"batch_size": BATCH_SIZE}},
        space=SPACE,
        num_epochs=NUM_EPOCHS,
        seed=seed,
    )


def _described(split: str, manifest: Manifest) -> str:
    return f"{split}: {manifest.num_samples} photos of {manifest.size} px, classes {', '.join(manifest.classes)}"


def _processor() -> str:
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return names[0] if names else platform.machine()


def _hashes(config: TrialConfig) -> dict[str, str]:
    return {name: check_quick(beton).sha256 for name, beton in config.data.files.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.{NUM_DIGITS}g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of train.beton and val.beton")
    parser.add_argument("scratch", type=Path, help="folder for what is done so far")
    parser.add_argument("--configurations", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    curves = []
    for number in range(arguments.configurations):
        done = arguments.scratch / f"{number:04d}.json"
        if not done.exists():
            write_atomically(done, curve(arguments.data, number, draw(number, arguments.seed)).model_dump_json())
        curves.append(Curve.model_validate_json(done.read_bytes()))
        last = curves[-1]
        print(number, f"{last.seconds[-1] if last.seconds else 0:.1f} s", last.params, last.diverged, flush=True)
    write_table(TABLE, origin(arguments.data, arguments.seed), curves)


if __name__ == "__main__":
    main()
