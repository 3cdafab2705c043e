"""Phases: what trains when, at what rate, on which photos."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from memory_batches import MemoryBatches
from small_trials import CPU, changed, new_state, run, trial_config, validation, weights_of

from models.training.checkpoint import CheckpointError
from models.training.loop import train
from models.training.mining import hardest_photos
from models.training.optimizers import schedule_factor


def phased(*phases: dict[str, Any], **changes: Any) -> Any:
    return trial_config(epochs=None, phases=list(phases), **changes)


def test_frozen_encoder_keeps_weights_and_statistics_until_it_is_unfrozen(tmp_path: Path):
    frozen = {"name": "frozen", "epochs": 1, "trains": ["decoder", "head", "discriminator"]}
    state = new_state(phased(frozen, {"name": "unfrozen", "epochs": 1}))
    encoder, decoder = weights_of(state.generator.encoder), weights_of(state.generator.decoder)
    evaluations = train(state, MemoryBatches(), validation(state), tmp_path)
    assert next(evaluations).phase == "frozen"
    assert not changed(state.generator.encoder, encoder)
    assert changed(state.generator.decoder, decoder)
    last = next(evaluations)
    assert (last.phase, last.finished) == ("unfrozen", "epochs")
    assert changed(state.generator.encoder, encoder)


def test_frozen_part_may_go_on_collecting_its_statistics(tmp_path: Path):
    state = new_state(phased({"epochs": 1, "trains": ["decoder", "head", "discriminator"], "frozen_norm": "train"}))
    encoder = weights_of(state.generator.encoder)
    list(train(state, MemoryBatches(), validation(state), tmp_path))
    now = state.generator.encoder.state_dict()
    moved = {name for name in now if not torch.equal(now[name], encoder[name])}
    assert moved
    assert all("running" in name or "num_batches" in name for name in moved)


def test_warm_up_without_the_adversary_leaves_the_discriminator_alone(tmp_path: Path):
    warm_up = {"epochs": 1, "trains": ["generator"], "without": ["adversarial"]}
    state = new_state(phased(warm_up, {"epochs": 1}))
    discriminator = weights_of(state.discriminator)
    first, second = train(state, MemoryBatches(), validation(state), tmp_path)
    assert set(first.losses) == {"l1", "classification"}
    assert set(second.losses) == {"l1", "classification", "adversarial", "discriminator"}
    assert changed(state.discriminator, discriminator)


def test_discriminator_alone_reports_its_error_and_judges_no_task(tmp_path: Path):
    alone = {"epochs": 3, "trains": ["discriminator"]}
    stopping = {"colorization": {"patience": 1}, "classification": {"patience": 1}}
    state = new_state(phased({"epochs": 1}, alone, {"epochs": 1}, early_stopping=stopping))
    running = train(state, MemoryBatches(), validation(state), tmp_path)
    next(running)
    generator = weights_of(state.generator)
    evaluations = list(itertools.islice(running, 3))
    assert not changed(state.generator, generator)
    assert all(set(evaluation.losses) == {"discriminator"} for evaluation in evaluations)
    assert all(0 <= evaluation.details["discriminator_error"] <= 1 for evaluation in evaluations)
    assert evaluations[-1].stopped == ()


def test_hardest_photos_are_those_with_the_least_logits():
    state, batches = new_state(trial_config()), MemoryBatches(num_batches=3)
    state.generator.eval()
    state.discriminator.eval()
    with torch.no_grad():
        scores = torch.cat(
            [
                state.discriminator(batch.lightness, state.generator(batch.lightness).ab).mean(dim=(1, 2, 3))
                for batch in batches.in_file_order()
            ]
        )
    expected = sorted(scores.topk(5, largest=False).indices.tolist())
    assert hardest_photos(state, batches, 5).tolist() == expected


@pytest.mark.parametrize("choice", ["hardest", "photos"])
def test_phase_on_a_part_of_the_photos_sees_no_others_and_survives_a_restart(choice: str, tmp_path: Path):
    config = phased({"epochs": 1}, {"epochs": 2, choice: 8}, evaluation={"fid_images": 0, "per_epoch": 2})
    whole = run(config, tmp_path / "whole")
    assert [evaluation.step for evaluation in whole] == [2, 3, 4, 5, 6, 7]
    state = new_state(config)
    evaluations = train(state, MemoryBatches(num_batches=3), validation(state), tmp_path / "broken", clock=lambda: 0.0)
    list(itertools.islice(evaluations, 3))
    chosen = state.photos
    assert chosen is not None
    assert len(chosen) == 8
    assert run(config, tmp_path / "broken") == whole[2:]


def test_learning_rates_of_a_phase_and_their_schedule(tmp_path: Path):
    rates = {"generator": 1e-3, "encoder": 1e-5}
    config = phased({"epochs": 2, "learning_rates": rates}, optimizer={"schedule": "cosine", "final_lr_factor": 0.0})
    first, second = run(config, tmp_path)
    assert first.learning_rates == {"encoder": 1e-5, "decoder": 1e-3, "head": 1e-3, "discriminator": 2e-4}
    assert second.learning_rates == pytest.approx({part: rate / 2 for part, rate in first.learning_rates.items()})


def test_schedules_are_their_formulae():
    cosine = trial_config(optimizer={"schedule": "cosine", "final_lr_factor": 0.01}).optimizer
    assert schedule_factor(cosine, 0, 30) == 1
    assert schedule_factor(cosine, 15, 30) == pytest.approx(0.505)
    step = trial_config(optimizer={"schedule": "step", "step_epochs": 10, "step_factor": 0.1}).optimizer
    assert [round(schedule_factor(step, epoch, 30), 6) for epoch in (0, 9, 10, 29)] == [1, 1, 0.1, 0.01]


def test_phase_whose_tasks_have_stopped_is_left_at_once(tmp_path: Path):
    stopping = {"classification": {"patience": 1, "min_delta": 1e9}}
    config = phased({"epochs": 2}, {"epochs": 5, "trains": ["head"]}, {"epochs": 1}, early_stopping=stopping)
    evaluations = run(config, tmp_path)
    assert [evaluation.step for evaluation in evaluations] == [3, 6, 6, 9]
    assert evaluations[-1].finished == "epochs"


def test_training_starts_from_the_generator_of_another_trial(tmp_path: Path):
    run(trial_config(loss={"l1": 100.0}, epochs=1), tmp_path / "first")
    source = tmp_path / "first" / "last.pt"
    state = new_state(phased({"epochs": 1, "trains": ["discriminator"]}, {"epochs": 1}, start_from=source))
    next(train(state, MemoryBatches(), validation(state), tmp_path / "second"))
    kept = torch.load(source, weights_only=True)["generator"]
    own = state.generator.state_dict()
    assert {name for name in own if name not in kept} == {name for name in own if name.startswith("head.")}
    assert all(torch.equal(own[name], value) for name, value in kept.items())


def test_generator_that_means_other_colours_is_refused(tmp_path: Path):
    run(trial_config(epochs=1), tmp_path / "first")
    data = {"train": "train.beton", "val": "val.beton", "batch_size": 4, "normalisation": "ab128"}
    state = new_state(trial_config(data=data, start_from=tmp_path / "first" / "last.pt"))
    with pytest.raises(CheckpointError, match=r"trained with data\.normalisation ab110"):
        next(train(state, MemoryBatches(), validation(state), tmp_path / "second"))


def test_generator_of_other_networks_is_refused(tmp_path: Path):
    run(trial_config(epochs=1), tmp_path / "first")
    state = new_state(trial_config(model={"width": 0.25, "depth": 4}, start_from=tmp_path / "first" / "last.pt"))
    with pytest.raises(CheckpointError, match="holds another network, without a fitting encoder"):
        next(train(state, MemoryBatches(), validation(state), tmp_path / "second"))
    assert state.device == CPU
