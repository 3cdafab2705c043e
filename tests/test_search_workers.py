"""A worker runs one trial after the other in one process, which afterwards is as it was."""

import ctypes
import gc
import itertools
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partialmethod
from pathlib import Path
from typing import Any, NamedTuple, get_args

import psutil
import pytest
import torch
from photos import Betons
from recorded_sweeps import write_sweep
from torch import nn

from data.manifest import check_quick
from models.config.loss import Adversarial, Weighting
from models.config.trial import TrialConfig
from models.networks.colorizer import Colorizer
from models.training.loop import DivergedError
from models.training.release import MAX_KEPT_GRAPHS, num_compiled_graphs, release_memory
from models.training.step import GpuMemoryError
from search.recording import write_record
from search.records import TrialStart, trial_folder
from search.worker.training import run_training

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
UNET = {"width": 0.125, "depth": 4}
RESNET = {"width": 0.125, "backbone": "resnet18"}
RSS_MARGIN_BYTES = 64e6
"""The threads that come with each trial and go leave holes in glibc's heap: 20 to 40 MB were measured."""


class Level(NamedTuple):
    """What must not grow."""

    tensors: int
    tensor_bytes: int
    modules: int
    threads: int
    open_files: int


def level() -> Level:
    forget_compiled()  # how much of it is kept swings with each trial, and is bounded by itself
    gc.unfreeze()  # what is frozen is not listed, such as what tests before this one have left
    gc.collect()
    objects = gc.get_objects()
    gc.freeze()  # as a worker has it, or each collection would look at all that was ever imported
    tensors = [one for one in objects if type(one) in (torch.Tensor, nn.Parameter)]
    return Level(
        len(tensors),
        sum(tensor.untyped_storage().nbytes() for tensor in tensors),
        sum(issubclass(type(one), nn.Module) for one in objects),
        threading.active_count(),
        psutil.Process().num_fds(),
    )


def forget_compiled() -> None:
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()


def rss_bytes() -> int:
    ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


def recipe(number: int) -> dict[str, Any]:
    """Sections of a configuration: all kinds of networks, losses and ends within the first twenty."""
    weighting, adversarial = (get_args(kinds) for kinds in (Weighting, Adversarial))
    sections: dict[str, Any] = {
        "model": RESNET if number % 4 == 1 else UNET,
        "loss": {
            "classification": 1.0,
            "weighting": weighting[number % len(weighting)],
            "adversarial": adversarial[number % len(adversarial)],
        },
        "phases": [{"name": "first", "photos": 8, "epochs": 1}, {"name": "second", "photos": 8, "epochs": 1}],
    }
    if number % 5:
        del sections["phases"][1]
    if number % 7 == 6:
        sections["optimizer"] = {"generator_lr": 1e30}
    if number % 22 == 5:
        sections["compute"] = {"out_of_memory": "halve"}
    if number % 20 == 3:  # all alike: other networks would be other code, which stays
        sections |= {"model": UNET, "loss": {"classification": 1.0}, "compute": {"compile": True}, "optimizer": {}}
    return sections


@pytest.fixture
def sweep(betons: Betons, tmp_path: Path) -> Path:
    files = {"train": betons.train, "val": betons.val}
    data = {name: {"file": str(path), "sha256": check_quick(path).sha256} for name, path in files.items()}
    return write_sweep(tmp_path / "small", data=data)


def new_trial(sweep: Path, number: int, betons: Betons) -> Path:
    content = {
        "data": {"train": betons.train, "val": betons.val, "batch_size": 8},
        "evaluation": {"fid_images": 0, "samples": 2},
    }
    config = TrialConfig.model_validate(content | recipe(number))
    folder = trial_folder(sweep, number)
    values = config.model_dump(mode="json")
    write_record(folder, TrialStart(number=number, params={}, config=values, created=datetime.now(UTC)))
    return folder


def as_a_worker(folder: Path, stop_after: int | None, ends: dict[str, int]) -> None:
    """Run a trial as `search.worker.trial` does, and count how it ended."""
    torch.set_num_threads(1)
    try:
        with closing(run_training(folder, CPU)) as evaluations:
            end = "complete"
            for evaluation in itertools.islice(evaluations, stop_after):
                end = "complete" if evaluation.finished else "broken off"
    except (DivergedError, GpuMemoryError) as error:
        end = type(error).__name__
    finally:
        release_memory()
    ends[end] = ends.get(end, 0) + 1


@pytest.fixture
def out_of_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The next so many calls of a generator, numbers in this list, find no memory."""
    forward, due = Colorizer.forward, list[int]()

    def failing(self: Colorizer, *arguments: Any, **named: Any) -> Any:
        with suppress(IndexError):
            due.pop()
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, *arguments, **named)

    monkeypatch.setattr(Colorizer, "forward", failing)
    return due


def test_two_hundred_trials_leave_nothing_behind(
    sweep: Path, betons: Betons, out_of_memory: list[int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(nn.Module, "compile", partialmethod(nn.Module.compile, backend="eager"))
    ends: dict[str, int] = {}
    levels: list[Level] = []
    rss: list[int] = []
    forget_compiled()  # a worker begins with none, but not the process of tests before this one
    for number in range(200):
        out_of_memory[:] = [number] if number % 11 == 5 else []
        work = (new_trial(sweep, number, betons), 1 if number % 5 == 0 else None, ends)
        thread = threading.Thread(target=as_a_worker, args=work)  # each trial has its own, as Ray Tune gives it
        thread.start()
        thread.join()
        assert num_compiled_graphs() <= MAX_KEPT_GRAPHS
        if number in (19, 199):
            levels.append(level())
            rss.append(rss_bytes())
    assert levels[1] == levels[0]
    assert rss[1] - rss[0] < RSS_MARGIN_BYTES
    assert sum(ends.values()) == 200
    assert all(ends[end] >= 5 for end in ("complete", "broken off", "DivergedError", "GpuMemoryError"))
