"""The training loop: deterministic, resumable to the bit, obedient to early stopping."""

from pathlib import Path
from typing import Any

import pytest
import torch
from memory_batches import MemoryBatches
from small_trials import CPU, changed, new_state, run, same, trial_config, validation, weights_of

from models.config.loss import Adversarial, Weighting
from models.joint_error import joint_error
from models.training.checkpoint import CheckpointError, load_generator
from models.training.loop import DivergedError, train


@pytest.mark.parametrize("adversarial", Adversarial.__args__)
def test_same_seed_gives_the_same_numbers_and_training_helps(adversarial: str, tmp_path: Path):
    loss = {"classification": 1.0, "adversarial": adversarial, "weighting": "uncertainty", "critic_steps": 2}
    config = trial_config(loss=loss, epochs=3, optimizer={"generator_lr": 2e-3})
    first, second = run(config, tmp_path / "a"), run(config, tmp_path / "b")
    assert first == second
    assert first[-1].losses["l1"] < first[0].losses["l1"]


@pytest.mark.parametrize("weighting", Weighting.__args__)
def test_broken_off_trial_ends_as_if_nothing_had_happened(weighting: str, tmp_path: Path):
    config = trial_config(
        loss={"classification": 1.0, "weighting": weighting, "adversarial": "wgan-gp"},
        optimizer={"ema_decay": 0.5, "schedule": "cosine"},
        evaluation={"fid_images": 0, "per_epoch": 2},
        epochs=2,
    )
    whole = run(config, tmp_path / "whole")
    assert [evaluation.epoch for evaluation in whole] == pytest.approx([2 / 3, 1, 5 / 3, 2])
    for number in (1, 2):
        run(config, tmp_path / "broken", stop_after=number)
        torch.manual_seed(12345)  # whatever happened in between
        assert run(config, tmp_path / "broken") == whole[number - 1 :]  # the last one is said again
        for name in ("last", "best-joint"):
            left, right = (tmp_path / folder / f"{name}.pt" for folder in ("whole", "broken"))
            assert same(torch.load(left, weights_only=True), torch.load(right, weights_only=True)), name
        for path in (tmp_path / "broken").iterdir():
            path.unlink()


def test_finished_trial_only_repeats_its_last_evaluation(tmp_path: Path):
    config = trial_config()
    whole = run(config, tmp_path)
    assert [evaluation.finished for evaluation in whole] == [None, None, "epochs"]
    assert run(config, tmp_path) == whole[-1:]


def test_checkpoint_of_another_configuration_or_of_other_photos_is_refused(tmp_path: Path):
    run(trial_config(), tmp_path, stop_after=1)
    with pytest.raises(CheckpointError, match=r"loss\.l1 was 100\.0 and is 50\.0; start a new trial"):
        run(trial_config(loss={"classification": 1.0, "l1": 50}), tmp_path)
    state = new_state(trial_config())
    state.data["val"] = "c" * 64
    with pytest.raises(CheckpointError, match=r"data\.val has another hash"):
        next(train(state, MemoryBatches(), validation(state), tmp_path))


def test_files_may_have_moved_when_a_training_goes_on(tmp_path: Path):
    run(trial_config(), tmp_path, stop_after=1)
    run(trial_config(data={"train": "/elsewhere.beton", "val": "v.beton", "batch_size": 4}), tmp_path, stop_after=2)


@pytest.mark.parametrize(("task", "loss"), [("colorization", "l1"), ("classification", "classification")])
def test_frozen_task_keeps_its_layers_and_weighs_nothing(task: Any, loss: str, tmp_path: Path):
    config = trial_config(early_stopping={task: {"patience": 1, "min_delta": 1e9}}, epochs=3)
    state = new_state(config)
    evaluations = train(state, MemoryBatches(), validation(state), tmp_path)
    for _ in range(2):
        last = next(evaluations)
    assert last.stopped == (task,)
    assert last.weights[loss] == 0
    layers = state.generator.decoder if task == "colorization" else state.generator.head
    assert layers is not None
    frozen, encoder = weights_of(layers), weights_of(state.generator.encoder)
    last = next(evaluations)
    assert loss not in last.losses
    assert not changed(layers, frozen)
    assert changed(state.generator.encoder, encoder)


def test_detached_task_learns_on_without_the_encoder(tmp_path: Path):
    stopping = {
        "colorization": {"patience": 1, "min_delta": 1e9, "action": "detach"},
        "classification": {"patience": 2, "min_delta": 1e9, "action": "detach"},
    }
    evaluations = run(trial_config(early_stopping=stopping, epochs=9), tmp_path)
    both = ("colorization", "classification")
    assert [evaluation.stopped for evaluation in evaluations] == [(), ("colorization",), both]
    assert evaluations[-1].finished == "early-stopping"
    assert evaluations[-1].weights["l1"] == 100


def test_infinite_loss_ends_the_trial_as_diverged_and_keeps_the_last_good_checkpoint(tmp_path: Path):
    config = trial_config(optimizer={"generator_lr": 1e30})
    with pytest.raises(DivergedError, match=r"diverged: .* by epoch"):
        run(config, tmp_path)
    state = new_state(trial_config())
    evaluations = train(state, MemoryBatches(), validation(state), tmp_path)
    next(evaluations)
    with torch.no_grad():
        next(state.generator.parameters()).fill_(float("nan"))
    with pytest.raises(DivergedError):
        next(evaluations)
    assert all(
        value.isfinite().all() for value in load_generator(tmp_path / "last.pt", CPU).generator.state_dict().values()
    )


def test_checkpoints_hold_the_best_evaluations(tmp_path: Path):
    config = trial_config(epochs=4)
    evaluations = run(config, tmp_path)
    names = {path.stem for path in tmp_path.glob("*.pt")}
    assert names == {"last", "best-colorization", "best-classification", "best-joint"}
    watched = [config.stopping(task).metric for task in config.tasks]
    best = min(reversed(evaluations), key=lambda evaluation: joint_error(evaluation.metrics, watched))
    trained = load_generator(tmp_path / "best-joint.pt", CPU)
    assert (trained.side, trained.num_classes) == (32, 3)
    measured = validation(new_state(config))(trained.generator, None, False)
    assert measured.metrics["l1"] == pytest.approx(best.metrics["l1"])


def test_moving_average_is_what_is_measured_and_kept(tmp_path: Path):
    config = trial_config(optimizer={"ema_decay": 0.9}, epochs=1)
    state = new_state(config)
    list(train(state, MemoryBatches(), validation(state), tmp_path))
    kept = load_generator(tmp_path / "last.pt", CPU).generator
    assert not changed(kept, weights_of(state.evaluated))
    assert changed(kept, weights_of(state.generator))


def test_costly_metrics_are_measured_at_their_epochs_and_at_the_end(tmp_path: Path):
    asked = []
    config = trial_config(evaluation={"fid_images": 0, "costly_every": 2, "per_epoch": 2}, epochs=3)
    state = new_state(config)
    measure = validation(state)

    def validate(generator: Any, judge: Any, costly: bool) -> Any:
        asked.append(costly)
        return measure(generator, judge, costly)

    list(train(state, MemoryBatches(), validate, tmp_path))
    assert asked == [False, False, False, True, False, True]


def test_training_that_stops_early_measures_the_costly_metrics_then(tmp_path: Path):
    asked = []
    stopping = {task: {"patience": 1, "min_delta": 1e9} for task in ("colorization", "classification")}
    state = new_state(trial_config(evaluation={"fid_images": 0, "costly_every": 9}, early_stopping=stopping))
    measure = validation(state)

    def validate(generator: Any, judge: Any, costly: bool) -> Any:
        asked.append(costly)
        return measure(generator, judge, costly)

    list(train(state, MemoryBatches(), validate, tmp_path))
    assert asked == [False, False, True]
