"""What differs on a GPU: every tensor on the device, checkpoints to and fro, shares of memory."""

import multiprocessing
from contextlib import closing, suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
import torch
from photos import Betons
from torch.nn import functional as F  # noqa: N812

from data.batch import Batch
from data.colour import rgb_to_lab
from data.config import DataConfig
from data.loaders import Loader, open_loader
from data.manifest import check_quick
from models.config.loss import Weighting
from models.config.trial import TrialConfig
from models.measures.fid_reference import fid_reference
from models.measures.validation import Validation
from models.training.loop import DivergedError, train
from models.training.phases import prepare
from models.training.release import release_memory
from models.training.state import TrainingState
from models.training.step import training_step
from search.driver.provenance import sweep_record
from search.packing.choose import Limit
from search.packing.on_node import measured_packing
from search.spec.sweep_spec import parse_spec
from search.worker.device import CUDA_CONTEXT_BYTES, lent_device
from search.worker.outcome import outcome_of

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def test_batches_equal_those_of_the_cpu(betons: Betons):
    config = DataConfig(train=betons.train, val=betons.val, batch_size=8, image_size=16)
    loaders = [
        open_loader(betons.train, config, training=True, seed=3, device=torch.device(d)) for d in ("cpu", "cuda")
    ]
    for expected, found in zip(*(loader.epoch(1) for loader in loaders), strict=True):
        assert found.ab.device.type == "cuda"
        torch.testing.assert_close(found.lightness.cpu(), expected.lightness, atol=1e-4, rtol=0)
        torch.testing.assert_close(found.ab.cpu(), expected.ab, atol=1e-4, rtol=0)
        assert torch.equal(found.label.cpu(), expected.label)
    for loader in loaders:
        loader.close()


def test_labs_matrix_is_not_rounded_to_half_precision(monkeypatch: pytest.MonkeyPatch):
    rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = rgb_to_lab(rgb)
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", True)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        found = rgb_to_lab(rgb.cuda())
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=0)


CUDA = torch.device("cuda")


def opened(betons: Betons, **changes: Any) -> tuple[TrialConfig, Loader, Loader, TrainingState]:
    content = {
        "data": {"train": betons.train, "val": betons.val, "batch_size": 8},
        "model": {"width": 0.25, "depth": 5},
        "loss": {"classification": 1.0},
        "epochs": 2,
    }
    config = TrialConfig.model_validate(content | changes)
    batches = open_loader(betons.train, config.data, training=True, seed=0, device=CUDA)
    val = open_loader(betons.val, config.data, training=False, seed=0, device=CUDA)
    counts = torch.tensor(batches.manifest.ab_bin_counts)
    return config, batches, val, TrainingState(config, 3, 32, CUDA, counts)


FAST = {"precision": "bf16", "channels_last": True, "fused": True}


@pytest.mark.parametrize("compute", [{}, FAST, FAST | {"compile": True}], ids=["plain", "fast", "compiled"])
@pytest.mark.parametrize("adversarial", ["bce", "wgan-gp"])
@pytest.mark.parametrize("weighting", Weighting.__args__)
def test_trial_trains_validates_with_fid_and_resumes(
    adversarial: str, weighting: str, compute: dict[str, Any], betons: Betons, tmp_path: Path
):
    loss = {"classification": 1.0, "adversarial": adversarial, "weighting": weighting}
    config, batches, val, state = opened(betons, loss=loss, compute=compute)
    fid = fid_reference(config, val.manifest, val, CUDA)
    validation = Validation(val, config, val.manifest.classes, state.losses, None, fid, CUDA)
    first = next(iter(train(state, batches, validation, tmp_path)))
    _, _, _, state = opened(betons, loss=loss, compute=compute)
    again, last = train(state, batches, validation, tmp_path)
    assert again == first
    assert last.finished == "epochs"
    assert {"fid", "accuracy", "l1", "psnr", "ssim", "auc"} <= set(last.metrics)
    assert validation.samples(state.evaluated, 2).shape == (2, 3, 3, 32, 32)
    batches.close()
    val.close()


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty", "liebel-koerner", "dwa", "gradnorm"])
@pytest.mark.parametrize("adversarial", ["bce", "wgan-gp"])
def test_step_never_waits_for_the_gpu(weighting: str, adversarial: str, betons: Betons):
    loss = {"classification": 1.0, "adversarial": adversarial, "weighting": weighting}
    optimizer = {"clip_norm": 1.0, "ema_decay": 0.99}
    _, batches, val, state = opened(betons, loss=loss, optimizer=optimizer, compute=FAST)
    plan, _ = prepare(state, batches)
    batch = next(batches.epoch(0))
    training_step(state, batch, plan)  # the first one may set things up
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            training_step(state, batch, plan)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    batches.close()
    val.close()


def test_batch_that_does_not_fit_is_halved_on_a_real_gpu(betons: Betons):
    _, batches, val, state = opened(betons, compute={"out_of_memory": "halve"})
    plan, _ = prepare(state, batches)
    batch = next(batches.epoch(0))
    training_step(state, batch, plan)
    enlarged = Batch(
        *(F.interpolate(planes, size=2048) for planes in (batch.lightness, batch.ab)), batch.label, batch.scale
    )
    torch.cuda.reset_peak_memory_stats()
    training_step(state, enlarged, plan)
    needed = torch.cuda.max_memory_allocated() / torch.cuda.get_device_properties(CUDA).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.8 * needed)
    try:
        training_step(state, enlarged, plan)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert state.accumulation == 2
    batches.close()
    val.close()


def test_memory_of_the_gpu_returns_to_its_level_after_each_trial(betons: Betons, tmp_path: Path):
    kinds: list[dict[str, Any]] = [
        {},
        {"model": {"width": 0.25, "backbone": "resnet18"}},
        {"loss": {"classification": 1.0, "adversarial": "wgan-gp", "weighting": "pcgrad"}},
        {"compute": FAST | {"compile": True}},
        {"optimizer": {"generator_lr": 1e30}},  # diverges
    ]
    levels = []
    for turn in range(3):  # the first one sets up what stays: cuBLAS's workspace, and compiled code
        for number, kind in enumerate(kinds):
            config, batches, val, state = opened(betons, evaluation={"fid_images": 0}, **kind)
            validation = Validation(val, config, val.manifest.classes, state.losses, None, None, CUDA)
            with suppress(DivergedError), closing(batches), closing(val):
                next(train(state, batches, validation, tmp_path / f"{turn}-{number}"))  # broken off after one of two
            del state, validation
            release_memory()
        levels.append(torch.cuda.memory_allocated())
    assert levels[2] == levels[1]


def ever_more(answers: "Queue[tuple[str, int]]", told: Event) -> None:
    """A trial with half of the GPU that outgrows it, and holds what it has until it is told to end."""
    lent_device(1, 0.5)
    kept = []
    try:
        while True:
            kept.append(torch.empty(1 << 28, dtype=torch.uint8, device=CUDA))
    except torch.OutOfMemoryError as error:
        outcome = outcome_of(error)
        answers.put((f"{outcome.state}, {outcome.cause}", torch.cuda.memory_reserved()))
    told.wait(300)


def its_share_late(answers: "Queue[tuple[str, int]]", begun: Event, told: Event) -> None:
    """Its neighbour, which takes most of its own half once it is told to."""
    lent_device(1, 0.5)
    ones = torch.ones(1 << 20, device=CUDA)
    begun.set()
    told.wait(300)
    _, total_bytes = torch.cuda.mem_get_info()
    share = torch.empty(int(0.4 * total_bytes), dtype=torch.uint8, device=CUDA)
    answers.put(("went on", int(ones.sum()) + 0 * share.numel()))


def test_trial_that_outgrows_its_share_fails_alone():
    spawn = multiprocessing.get_context("spawn")
    of_greedy, of_modest, begun, told, over = spawn.Queue(), spawn.Queue(), spawn.Event(), spawn.Event(), spawn.Event()
    modest = spawn.Process(target=its_share_late, args=(of_modest, begun, told), daemon=True)
    modest.start()
    assert begun.wait(300)
    greedy = spawn.Process(target=ever_more, args=(of_greedy, over), daemon=True)
    greedy.start()
    how, held_bytes = of_greedy.get(timeout=300)
    told.set()  # while the greedy one still holds all that it got
    assert how == "diverged, gpu-memory"
    assert held_bytes <= 0.5 * torch.cuda.get_device_properties(CUDA).total_memory - CUDA_CONTEXT_BYTES
    assert of_modest.get(timeout=300) == ("went on", 1 << 20)
    over.set()
    greedy.join()
    modest.join()


def test_packing_of_a_real_gpu_is_measured(betons: Betons):
    spec = parse_spec(
        {
            "name": "packed",
            "data": {"train": str(betons.train), "val": str(betons.val), "batch_size": 8},
            "objectives": {"l1": "min"},
            "base": {"model": {"width": 0.25, "depth": 5}, "evaluation": {"fid_images": 0}, "epochs": 2},
            "space": {"model.width": [0.25, 0.5]},
            "search": {"trials": 1},
            "resources": {"gpu": 1},
        }
    )
    record = sweep_record(spec, {"train": check_quick(betons.train), "val": check_quick(betons.val)})
    found = measured_packing(spec, record, "here", Limit(2, "CPUs"), CUDA, window_s=2.0)
    assert [len(level.steps_per_s) for level in found.levels] == [1, 2]
    assert found.process_bytes >= CUDA_CONTEXT_BYTES
    assert 0 < found.largest_bytes < found.memory_bytes // 2
