"""Sweeps of any size on disk, in the true format, of made-up learning curves: for benchmarks of what reads them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import BaseModel
from recorded_sweeps import NOON

from models.evaluation import Evaluation
from search.records import State, SweepRecord, TrialStart, TrialState, trial_folder
from search.spec.overrides import set_value
from search.spec.sweep_spec import SweepSpec, parse_spec

NUM_SLOTS, SLOTS_PER_NODE, GPU = 400, 4, 0.5
EPOCH_S, NUM_BATCHES = 300.0, 12_642
PRUNED_EVERY = 10
METRICS = {  # at first, and the best that can be reached
    "fid": (250.0, 20.0),
    "kid": (0.3, 0.01),
    "lpips": (0.5, 0.1),
    "accuracy": (0.01, 0.6),
    "macro_f1": (0.01, 0.58),
    "teacher_agreement": (0.01, 0.7),
    "l1": (0.3, 0.06),
    "psnr": (14.0, 25.0),
    "ssim": (0.4, 0.9),
    "auc": (0.7, 0.92),
    "auc_rebalanced": (0.5, 0.7),
    "colourfulness_distance": (40.0, 8.0),
    "classifier_top1": (0.02, 0.5),
    "classifier_agreement": (0.05, 0.6),
}
DETAILS = {
    "kid_low": (0.28, 0.009),
    "kid_high": (0.32, 0.011),
    "colourfulness": (4.0, 30.0),
    "colourfulness_true": (38.0, 38.0),
    "discriminator_error": (0.5, 0.3),
}
LOSSES = {
    "discriminator": (4.0, -1.0),
    "gradient_penalty": (0.7, 0.1),
    "adversarial": (6.0, 1.0),
    "l1": (0.3, 0.05),
    "perceptual": (1.2, 0.4),
    "classification": (5.0, 1.0),
}
VAL_LOSSES = {name: LOSSES[name] for name in ("l1", "perceptual", "classification")}
WEIGHTS = {"l1": (1.0, 1.7), "perceptual": (1.0, 1.3), "classification": (1.0, 0.6), "adversarial": (0.1, 0.1)}
RATES = dict.fromkeys(("encoder", "decoder", "head", "discriminator"), (2e-4, 2e-5))
PARTS = {
    "metrics": METRICS,
    "details": DETAILS,
    "losses": LOSSES,
    "val_losses": VAL_LOSSES,
    "weights": WEIGHTS,
    "learning_rates": RATES,
}
SPEC: dict[str, Any] = {
    "data": {"train": "/data/places/train.beton", "val": "/data/places/val.beton"},
    "objectives": {"fid": "min", "accuracy": "max"},
    "base": "unet-wgan-l2-class",
    "space": {
        "loss.l1": {"log": [1, 300]},
        "loss.classification": {"log": [0.001, 30]},
        "loss.weighting": ["fixed", "uncertainty"],
        "loss.adversarial": ["bce", "lsgan", "wgan-gp"],
        "optimizer.generator_lr": {"log": [1e-5, 1e-2]},
        "model.width": [0.25, 0.5, 1.0],
        "model.skips": [True, False],
    },
    "pruning": {"kind": "pareto-asha", "grace": 3, "reduction": 3},
    "resources": {"gpu": GPU},
}


def write_generated_sweep(folder: Path, num_trials: int, num_evaluations: int = 30, seed: int = 0) -> Path:
    """A sweep whose trials each have so many evaluations; every tenth of them was pruned after the last one."""
    spec = parse_spec(SPEC | {"name": folder.name, "search": {"sampler": "random", "trials": num_trials, "seed": seed}})
    folder.mkdir(parents=True)
    _write(folder / "sweep.json", _record(spec))
    config = spec.trial_config(_params(np.random.default_rng(seed))).model_dump(mode="json")
    for number in range(num_trials):
        generator = np.random.default_rng([seed, number])
        trial = trial_folder(folder, number)
        trial.mkdir(parents=True)
        begun = NOON + timedelta(seconds=number // NUM_SLOTS * num_evaluations * EPOCH_S + number % NUM_SLOTS)
        _write(trial / "trial.json", _start(number, _params(generator), config, begun))
        _write(trial / "state.json", _state(number, begun, num_evaluations))
        lines = [evaluation.model_dump_json() + "\n" for evaluation in _evaluations(generator, num_evaluations)]
        (trial / "evaluations.jsonl").write_text("".join(lines))
    return folder


def _record(spec: SweepSpec) -> SweepRecord:
    data = {"sha256": "ab" * 32, "num_samples": 11_899, "file": "/data/places/val.beton", "fid_images": 11_899}
    return SweepRecord(
        name=spec.name,
        objectives=spec.objectives,
        spec=spec.model_dump(mode="json"),
        created=NOON,
        command=f"huetune sweep run {spec.name}.yaml",
        versions={"huetune": "0.1.0", "torch": "2.15.0", "commit": "0123456789ab"},
        data={"train": data | {"sha256": "cd" * 32, "num_samples": 202_278}, "val": data},
    )


def _params(generator: Generator) -> dict[str, Any]:
    return {
        "loss.l1": float(np.exp(generator.uniform(0, np.log(300)))),
        "loss.classification": float(np.exp(generator.uniform(np.log(0.001), np.log(30)))),
        "loss.weighting": ("fixed", "uncertainty")[generator.integers(2)],
        "loss.adversarial": ("bce", "lsgan", "wgan-gp")[generator.integers(3)],
        "optimizer.generator_lr": float(np.exp(generator.uniform(np.log(1e-5), np.log(1e-2)))),
        "model.width": (0.25, 0.5, 1.0)[generator.integers(3)],
        "model.skips": bool(generator.integers(2)),
    }


def _start(number: int, params: dict[str, Any], config: dict[str, Any], begun: Any) -> TrialStart:
    for path, value in params.items():
        config = set_value(config, path, value)
    return TrialStart(number=number, params=params, config=config | {"seed": number}, created=begun)


def _state(number: int, begun: Any, num_evaluations: int) -> TrialState:
    state: State = "pruned" if number % PRUNED_EVERY == PRUNED_EVERY - 1 else "complete"
    return TrialState(
        state=state,
        reason=f"behind 70 % of the trials after epoch {num_evaluations}" if state == "pruned" else "",
        started=begun,
        ended=begun + timedelta(seconds=num_evaluations * EPOCH_S),
        attempts=1,
        node=f"node-{number % NUM_SLOTS // SLOTS_PER_NODE:03d}",
        fid_weights="ef" * 32,
        fid_images=11_899,
        gpu_seconds=GPU * num_evaluations * EPOCH_S,
    )


def _evaluations(generator: Generator, num_evaluations: int) -> list[Evaluation]:
    epochs = np.arange(1, num_evaluations + 1)
    progress = generator.uniform(0.5, 1.0) * (1 - np.exp(-epochs / generator.uniform(2, 15)))  # of this trial
    parts = {part: _curves(values, progress, generator) for part, values in PARTS.items()}
    return [
        Evaluation(
            epoch=float(epoch),
            step=NUM_BATCHES * int(epoch),
            seconds=EPOCH_S * float(epoch) + 0.123,
            phase="all",
            finished="epochs" if epoch == num_evaluations else None,
            **{
                part: {name: float(values[epoch - 1]) for name, values in curves.items()}
                for part, curves in parts.items()
            },
        )
        for epoch in epochs
    ]


def _curves(
    ends: dict[str, tuple[float, float]], progress: NDArray[np.float64], generator: Generator
) -> dict[str, NDArray[np.float64]]:
    """From the first value towards the best one, with some noise."""
    noisy = progress + generator.normal(0, 0.02, (len(ends), len(progress)))
    return {
        name: first + share * (best - first) for (name, (first, best)), share in zip(ends.items(), noisy, strict=True)
    }


def _write(path: Path, record: BaseModel) -> None:
    """As search.recording does, but not synced: thousands of synced files take minutes."""
    path.write_text(record.model_dump_json(indent=1))
