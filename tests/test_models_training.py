"""The training loop: deterministic, resumable to the bit, obedient to early stopping."""

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from memory_batches import MemoryBatches

from models.checkpoint import load_generator
from models.config import TrialConfig
from models.evaluation import Evaluation
from models.state import TrainingState
from models.training import DivergedError, joint_error, train, train_epoch
from models.validation import Validation

CPU = torch.device("cpu")
FAST = {"width": 0.125, "depth": 4}


def trial_config(**changes: Any) -> TrialConfig:
    base = {
        "data": {"train": "train.beton", "val": "val.beton"},
        "model": FAST,
        "loss": {"classification": 1.0},
        "evaluation": {"fid_images": 0},
        "epochs": 3,
    }
    return TrialConfig.model_validate(base | changes)


def new_state(config: TrialConfig) -> TrainingState:
    return TrainingState(config, num_classes=3, side=32, device=CPU)


def validation() -> Validation:
    return Validation(MemoryBatches(), num_classes=3, fid=None, device=CPU)


def run(config: TrialConfig, folder: Path, epochs: int | None = None) -> list[Evaluation]:
    evaluations = train(new_state(config), MemoryBatches(), validation(), folder, clock=lambda: 0.0)
    return list(itertools.islice(evaluations, epochs))


@pytest.mark.parametrize("adversarial", ["bce", "wgan-gp"])
@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_same_seed_gives_the_same_numbers_and_training_helps(adversarial: str, weighting: str, tmp_path: Path):
    loss = {"classification": 1.0, "adversarial": adversarial, "weighting": weighting, "critic_steps": 2}
    config = trial_config(loss=loss, epochs=4, optimizer={"generator_lr": 2e-3})
    first, second = run(config, tmp_path / "a"), run(config, tmp_path / "b")
    assert first == second
    assert first[-1].losses["l1"] < first[0].losses["l1"]


def test_broken_off_trial_ends_as_if_nothing_had_happened(tmp_path: Path):
    config = trial_config(loss={"classification": 1.0, "weighting": "uncertainty", "adversarial": "wgan-gp"})
    whole = run(config, tmp_path / "whole")
    run(config, tmp_path / "broken", epochs=2)
    torch.manual_seed(12345)  # whatever happened in between
    rest = run(config, tmp_path / "broken")
    assert rest == whole[1:]  # the last evaluation before the break is said again


def test_finished_trial_only_repeats_its_last_evaluation(tmp_path: Path):
    config = trial_config()
    whole = run(config, tmp_path)
    assert [evaluation.finished for evaluation in whole] == [None, None, "epochs"]
    assert run(config, tmp_path) == whole[-1:]


def test_critic_steps_leave_the_generator_alone_in_between():
    state = new_state(trial_config(loss={"critic_steps": 2}))
    before = copy.deepcopy(state.generator.state_dict())
    train_epoch(state, MemoryBatches(num_batches=1))
    after = state.generator.state_dict()
    assert all(torch.equal(before[name], after[name]) for name, _ in state.generator.named_parameters())
    train_epoch(state, MemoryBatches(num_batches=1))
    assert not all(torch.equal(before[name], after[name]) for name, _ in state.generator.named_parameters())


@pytest.mark.parametrize(("task", "loss"), [("colorization", "l1"), ("classification", "classification")])
def test_frozen_task_keeps_its_layers_and_weighs_nothing(task: Any, loss: str, tmp_path: Path):
    config = trial_config(early_stopping={task: {"patience": 1, "min_delta": 1e9}}, epochs=3)
    state = new_state(config)
    evaluations = train(state, MemoryBatches(), validation(), tmp_path)
    for _ in range(2):
        next(evaluations)
    layers = state.generator.layers_of(task)
    assert layers is not None
    frozen, encoder = copy.deepcopy(layers.state_dict()), copy.deepcopy(state.generator.encoder.state_dict())
    last = next(evaluations)
    assert last.stopped == (task,)
    assert last.weights[loss] == 0
    assert loss not in last.losses
    assert all(torch.equal(value, frozen[name]) for name, value in layers.state_dict().items())
    assert not all(torch.equal(v, encoder[name]) for name, v in state.generator.encoder.state_dict().items())


def test_detached_task_learns_on_without_the_encoder(tmp_path: Path):
    stopping = {
        "colorization": {"patience": 1, "min_delta": 1e9, "action": "detach"},
        "classification": {"patience": 2, "min_delta": 1e9, "action": "detach"},
    }
    state = new_state(trial_config(early_stopping=stopping, epochs=9))
    evaluations = list(train(state, MemoryBatches(), validation(), tmp_path))
    assert [evaluation.stopped for evaluation in evaluations] == [
        (),
        ("colorization",),
        ("colorization", "classification"),
    ]
    assert evaluations[-1].finished == "early-stopping"
    assert evaluations[-1].weights["l1"] == 100


def test_infinite_loss_ends_the_trial_as_diverged(tmp_path: Path):
    config = trial_config(optimizer={"generator_lr": 1e30})
    with pytest.raises(DivergedError, match=r"diverged: .* in epoch"):
        run(config, tmp_path)


def test_checkpoints_hold_the_best_evaluations(tmp_path: Path):
    config = trial_config(epochs=4)
    evaluations = run(config, tmp_path)
    names = {path.stem for path in tmp_path.glob("*.pt")}
    assert names == {"last", "best-colorization", "best-classification", "best-joint"}
    best = min(reversed(evaluations), key=lambda evaluation: joint_error(config, evaluation))
    trained = load_generator(tmp_path / "best-joint.pt", CPU)
    assert trained.side == 32
    assert validation()(trained.generator)["l1"] == pytest.approx(best.metrics["l1"])


def test_joint_error_is_the_product_of_the_errors():
    evaluation = Evaluation(epoch=1, step=1, seconds=0, metrics={"l1": 0.1, "accuracy": 0.8})
    assert joint_error(trial_config(), evaluation) == pytest.approx(0.1 * 0.2)
