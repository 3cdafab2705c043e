"""Nothing of a trial stays in a process that has more trials to run."""

import gc
import weakref
from pathlib import Path

import pytest
import torch
from small_trials import new_state, run, trial_config

from models.training.release import release_memory

RESNET = {"width": 0.125, "backbone": "resnet18"}


@pytest.mark.parametrize("model", [RESNET, {"width": 0.125, "depth": 4}])
def test_networks_are_freed_once_nobody_refers_to_them(model: dict[str, object]):
    gc.disable()
    try:
        state = new_state(trial_config(model=model))
        weight = weakref.ref(next(state.generator.parameters()))
        del state
        release_memory()
        assert weight() is None
    finally:
        gc.enable()


@pytest.mark.slow
def test_many_trials_of_one_process_are_all_compiled(tmp_path: Path):
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        for number, width in enumerate((0.125, 0.25)):  # 9 graphs each, where torch's own limit is 8
            config = trial_config(model={"width": width, "depth": 4}, compute={"compile": True}, epochs=1)
            run(config, tmp_path / str(number))
            release_memory()
