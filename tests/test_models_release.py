"""Nothing of a trial stays in a process that has more trials to run, apart from code that they can use."""

import gc
import weakref
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
import torch
from small_trials import new_state, run, trial_config
from torch import nn
from torch.fx.graph_module import _loader

from models.training import release
from models.training.release import release_memory

RESNET = {"width": 0.125, "backbone": "resnet18"}
UNET = {"width": 0.125, "depth": 4}


@pytest.mark.parametrize("model", [RESNET, UNET])
def test_networks_are_freed_once_nobody_refers_to_them(model: dict[str, object]):
    gc.disable()
    try:
        state = new_state(trial_config(model=model))
        weight = weakref.ref(next(state.generator.parameters()))
        del state
        release_memory()
        assert weight() is None
        assert not _loader.eval_cache  # the source of traced networks
    finally:
        gc.enable()


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Counts what is compiled, by a compiler that takes no time; fails where torch would give up compiling."""
    monkeypatch.setattr(nn.Module, "compile", partialmethod(nn.Module.compile, backend="eager"))
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        yield torch._dynamo.utils.counters["stats"]


def train_compiled(folder: Path, **changes: Any) -> None:
    run(trial_config(**{"model": UNET, "compute": {"compile": True}, "epochs": 1} | changes), folder)
    release_memory()


@pytest.mark.slow
def test_equal_networks_are_compiled_once(graphs: dict[str, int], tmp_path: Path):
    train_compiled(tmp_path / "first")
    before = graphs["unique_graphs"]
    train_compiled(tmp_path / "again", loss={"l1": 7.0, "classification": 2.0}, optimizer={"generator_lr": 1e-5})
    assert graphs["unique_graphs"] == before == 9


@pytest.mark.slow
def test_compiled_code_of_many_networks_is_forgotten(
    graphs: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(release, "MAX_KEPT_GRAPHS", 10)
    counted = []
    for number, width in enumerate((0.125, 0.25, 0.125)):
        train_compiled(tmp_path / str(number), model={"width": width, "depth": 4})
        counted.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert counted == [9, 0, 9]
