"""Trainings that go on with another's networks under other loss weights."""

from pathlib import Path
from typing import Any

import pytest
from memory_batches import MemoryBatches
from small_trials import new_state, run, same, trial_config, validation

from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from models.training.adopt import adopt
from models.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from models.training.loop import train

MULTITASK = {"l1": 100.0, "classification": 1.0}


def config_of(l1: float = 100.0, **loss: Any) -> TrialConfig:
    return trial_config(loss=MULTITASK | {"l1": l1} | loss)


def go_on(config: TrialConfig, folder: Path) -> list[Evaluation]:
    """From the last checkpoint, which repeats its evaluation, to the end."""
    state = new_state(config)
    return list(train(state, MemoryBatches(num_batches=3), validation(state), folder, clock=lambda: 0.0))


@pytest.mark.parametrize("weighting", ["fixed", "dwa"])
def test_with_the_donors_weights_training_goes_on_as_the_donors(weighting: str, tmp_path: Path):
    donor_folder, folder = tmp_path / "donor", tmp_path / "taker"
    config = config_of(weighting=weighting)
    run(config, donor_folder, stop_after=1)
    own = run(config_of(l1=3.0, weighting=weighting), folder, stop_after=1)
    save_checkpoint(folder / "last.pt", adopt(load_checkpoint(donor_folder / "last.pt"), config, own))
    alone, after = go_on(config, donor_folder), go_on(config, folder)
    assert after == [own[0], *alone[1:]]
    ends = [load_checkpoint(place / "last.pt") for place in (donor_folder, folder)]
    for end in ends:
        end.pop("history")
    assert same(*ends)


def test_training_goes_on_under_the_new_weights_from_the_donors_networks(tmp_path: Path):
    donor_folder, folder = tmp_path / "donor", tmp_path / "taker"
    run(config_of(), donor_folder, stop_after=1)
    own = run(config_of(l1=3.0), folder, stop_after=1)
    donor = load_checkpoint(donor_folder / "last.pt")
    config = config_of(l1=50.0, classification=2.0)
    adopted = adopt(donor, config, own)
    assert all(same(adopted[part], donor[part]) for part in ("generator", "discriminator", "optimizer", "random"))
    save_checkpoint(folder / "last.pt", adopted)
    after = go_on(config, folder)
    assert [evaluation.epoch for evaluation in after] == [1.0, 2.0, 3.0]
    assert after[0].weights["l1"] == 3.0
    assert (after[1].weights["l1"], after[1].weights["classification"]) == (50.0, 2.0)
    assert after[1].metrics != go_on(config_of(), donor_folder)[1].metrics


def test_seconds_are_the_own_ones(tmp_path: Path):
    own = run(config_of(), tmp_path, stop_after=1)
    adopted = adopt(load_checkpoint(tmp_path / "last.pt"), config_of(), [own[0].model_copy(update={"seconds": 7.0})])
    assert adopted["seconds"] == 7.0


def test_donor_at_another_epoch_or_of_other_networks_is_refused(tmp_path: Path):
    own = run(config_of(), tmp_path, stop_after=1)
    donor = load_checkpoint(tmp_path / "last.pt")
    with pytest.raises(CheckpointError, match="of epoch 1 and not of 2"):
        adopt(donor, config_of(), [own[0].model_copy(update={"epoch": 2.0})])
    with pytest.raises(CheckpointError, match="of epoch 1 and not of 0"):
        adopt(donor, config_of(), [])
    other = trial_config(loss=MULTITASK, model={"width": 0.25, "depth": 4})
    with pytest.raises(CheckpointError, match=r"model.width was 0\.125 and is 0\.25"):
        adopt(donor, other, own)
    with pytest.raises(CheckpointError, match="a loss is on in one of them alone"):
        adopt(donor, config_of(l2=1.0), own)
