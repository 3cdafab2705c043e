"""When a training counts as collapsed, on hand-made evaluations and on a real training."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from memory_batches import MemoryBatches
from small_trials import new_state, trial_config, validation

from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from models.training.collapse import CollapsedError, CollapseMonitor
from models.training.loop import train

LEARNING = {"l1": 0.1, "adversarial": 3.0, "discriminator": 0.5}
COLOURFUL = {"colourfulness": 8.0, "colourfulness_true": 35.0}


def collapse_after(
    evaluations: Sequence[tuple[dict[str, float], dict[str, float]]], config: TrialConfig | None = None
) -> int | None:
    """How many evaluations, each of losses and details, it takes until the training counts as collapsed."""
    monitor = CollapseMonitor(config or trial_config())
    for number, (losses, details) in enumerate(evaluations, start=1):
        monitor.update(Evaluation(epoch=number, step=number, seconds=0, metrics={}, losses=losses, details=details))
        try:
            monitor.require_none()
        except CollapsedError:
            return number
    return None


def test_discriminator_that_cannot_lose_five_times_in_a_row_is_a_collapse():
    beaten, fine = (LEARNING | {"discriminator": 9e-4}, COLOURFUL), (LEARNING, COLOURFUL)
    assert collapse_after([fine, *[beaten] * 9]) == 6
    assert collapse_after([*[beaten] * 4, fine, *[beaten] * 4]) is None
    patient = trial_config(early_stopping={"collapse": 2})
    assert collapse_after([beaten] * 9, patient) == 2
    assert collapse_after([beaten] * 9, trial_config(early_stopping={"collapse": None})) is None


def test_gray_photos_five_times_in_a_row_are_a_collapse_where_true_ones_are_colourful():
    gray = {"colourfulness": 0.49, "colourfulness_true": 35.0}
    assert collapse_after([(LEARNING, gray)] * 9) == 5
    assert collapse_after([({"l1": 0.1}, gray)] * 9) == 5
    assert collapse_after([(LEARNING, gray | {"colourfulness_true": 0.4})] * 9) is None
    assert collapse_after([(LEARNING, {})] * 9) is None


def test_only_what_is_being_learned_can_collapse():
    gray = {"colourfulness": 0.0, "colourfulness_true": 35.0}
    assert collapse_after([({"classification": 2.0}, gray)] * 9) is None
    assert collapse_after([({"discriminator": 0.0}, gray)] * 9) is None  # it trains alone, ahead of the generator


def test_critics_loss_says_nothing():
    critic = trial_config(loss={"adversarial": "wgan-gp"})
    assert collapse_after([(LEARNING | {"discriminator": -7.0}, COLOURFUL)] * 9, critic) is None


def test_collapsed_training_ends_after_its_evaluation_is_written_and_is_not_trained_on(tmp_path: Path):
    config = trial_config(
        loss={"adversarial": "none"},
        optimizer={"generator_lr": 1e-12},
        early_stopping={"collapse": 2},
        epochs=9,
    )

    def attempt() -> Iterator[Evaluation]:
        state = new_state(config)
        with torch.no_grad():
            state.generator.last_layer.zero_()  # all photos gray
        return train(state, MemoryBatches(), validation(state), tmp_path, clock=lambda: 0.0)

    for epochs in ([1.0, 2.0], [2.0]):  # then the last one again, since nobody knows whether it was heard
        evaluations = attempt()
        assert [next(evaluations).epoch for _ in epochs] == epochs
        with pytest.raises(CollapsedError, match="stayed gray at 2 evaluations in a row"):
            next(evaluations)
