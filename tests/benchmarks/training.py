"""Photos a second of one full training step (discriminator and generator), ours against a plain pix2pix-style loop.

    python tests/benchmarks/training.py [--backbone unet resnet18] [--size 256] [--batch-sizes 16 64] [--seconds 10]

Both train the very same networks, U-Net or ResNet-18 U-Net against the PatchGAN with BCE + 100·L1, on a batch that lies
on the device already. The peer is written as the public tutorials are: a forward pass of the generator for each of the
two updates, losses read by `.item()` after every step, float32, NCHW, no compilation.
Ours runs as `plain` (the configuration's defaults, the same arithmetic as the peer) and as `fast` (bf16, channels_last,
compiled, fused). FLOPs are those that torch counts in one of our steps; as the hardware's peak counts the rate of a
large matrix product, measured just before in the same precision (convolutions of a CPU library can be a little faster).
Prints a table, and the same as JSON in the last line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from data.batch import Batch
from data.colour import AB_SCALES
from models.config.trial import TrialConfig
from models.networks.generators import build_discriminator, build_generator
from models.training.phases import prepare
from models.training.state import TrainingState
from models.training.step import training_step

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
FAST = {"precision": "bf16", "channels_last": True, "compile": True, "fused": True}
NUM_WARM_UP_STEPS = 5


class Peer:
    """The loop of the tutorials: set_requires_grad, backward_D, backward_G, optimize."""

    def __init__(self, config: TrialConfig, side: int) -> None:
        torch.manual_seed(0)
        self.net_g = build_generator(config, 0, side).to(DEVICE).train()
        self.net_d = build_discriminator(config).to(DEVICE).train()
        self.gan_loss, self.l1_loss = nn.BCEWithLogitsLoss(), nn.L1Loss()
        self.opt_g = torch.optim.Adam(self.net_g.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.opt_d = torch.optim.Adam(self.net_d.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def optimize(self, batch: Batch) -> dict[str, float]:
        lightness, ab = batch.lightness, batch.ab
        self._set_requires_grad(True)
        self.opt_d.zero_grad()
        fake = self.net_g(lightness).ab
        loss_d_fake = self._gan(self.net_d(lightness, fake.detach()), 0.0)
        loss_d_real = self._gan(self.net_d(lightness, ab), 1.0)
        loss_d = (loss_d_fake + loss_d_real) * 0.5
        loss_d.backward()
        self.opt_d.step()
        self._set_requires_grad(False)
        self.opt_g.zero_grad()
        fake = self.net_g(lightness).ab
        loss_gan = self._gan(self.net_d(lightness, fake), 1.0)
        loss_l1 = self.l1_loss(fake, ab) * 100.0
        (loss_gan + loss_l1).backward()
        self.opt_g.step()
        return {"D": loss_d.item(), "GAN": loss_gan.item(), "L1": loss_l1.item()}

    def _gan(self, logits: Tensor, target: float) -> Tensor:
        loss: Tensor = self.gan_loss(logits, torch.full_like(logits, target))
        return loss

    def _set_requires_grad(self, learns: bool) -> None:
        for parameter in self.net_d.parameters():
            parameter.requires_grad = learns


class OneBatch:
    """The same batch again and again, as the training loop wants it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    @property
    def num_samples(self) -> int:
        return len(self._batch.label)

    def num_batches(self, photos: Any = None) -> int:
        return 1

    def epoch(self, number: int, start: int = 0, photos: Any = None) -> Iterator[Batch]:
        yield self._batch

    def in_file_order(self) -> Iterator[Batch]:
        yield self._batch


def trial(backbone: str, size: int, batch_size: int, compute: dict[str, Any]) -> TrialConfig:
    """At full width; on smaller photos the U-Net is as deep as they allow."""
    content = {
        "data": {"train": "train.beton", "val": "val.beton", "batch_size": batch_size},
        "model": {"backbone": backbone, "depth": min(8, size.bit_length() - 1)},
        "compute": compute,
    }
    return TrialConfig.model_validate(content)


def our_step(config: TrialConfig, batch: Batch) -> Callable[[], Any]:
    state = TrainingState(config, 0, batch.ab.shape[-1], DEVICE)
    plan, _ = prepare(state, OneBatch(batch))  # type: ignore[arg-type]
    return lambda: training_step(state, batch, plan)


def photos_a_second(step: Callable[[], Any], batch_size: int, seconds: float) -> float:
    for _ in range(NUM_WARM_UP_STEPS if DEVICE.type == "cuda" else 1):
        step()
    _synchronise()
    began, num_steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        step()
        num_steps += 1
        if DEVICE.type == "cuda" and num_steps % 10 == 0:
            _synchronise()  # or the queue would run far ahead of the clock
    _synchronise()
    return num_steps * batch_size / (time.perf_counter() - began)


def flops_a_photo(config: TrialConfig, batch: Batch) -> float:
    step = our_step(config, batch)
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() / len(batch.label)


def peak_flops(dtype: torch.dtype) -> float:
    """FLOPs a second of a large matrix product, the best of five; float32 as convolutions do it, TF32 on a GPU."""
    torch.backends.cuda.matmul.allow_tf32 = True
    side = 8192 if DEVICE.type == "cuda" else 2048
    left, right = (torch.randn(side, side, device=DEVICE, dtype=dtype) for _ in range(2))
    best = 0.0
    for _ in range(5):
        _synchronise()
        began = time.perf_counter()
        for _ in range(10):
            left @ right
        _synchronise()
        best = max(best, 10 * 2 * side**3 / (time.perf_counter() - began))
    return best


@contextmanager
def released() -> Iterator[None]:
    """Give the memory of one measurement back before the next."""
    yield
    torch.compiler.reset()
    if DEVICE.type == "cuda":
        torch.cuda.empty_cache()


def measure(backbone: str, size: int, batch_size: int, arguments: argparse.Namespace) -> dict[str, float]:
    draw = torch.Generator(DEVICE).manual_seed(0)
    planes = torch.rand(batch_size, 3, size, size, device=DEVICE, generator=draw) * 2 - 1
    label = torch.full((batch_size,), -1, device=DEVICE)
    batch = Batch(planes[:, :1].contiguous(), planes[:, 1:].contiguous(), label, AB_SCALES["ab110"])
    plain = trial(backbone, size, batch_size, {})
    figures: dict[str, float] = {}
    peaks = {"plain": peak_flops(torch.float32), "fast": peak_flops(torch.bfloat16)}
    with released():
        figures["peer"] = photos_a_second(partial(Peer(plain, size).optimize, batch), batch_size, arguments.seconds)
    for name, compute in (("plain", {}), ("fast", FAST)):
        with released():
            config = trial(backbone, size, batch_size, compute)
            figures[f"ours, {name}"] = photos_a_second(our_step(config, batch), batch_size, arguments.seconds)
    flops = flops_a_photo(plain, batch)
    return {
        **figures,
        "ours, plain / peer": figures["ours, plain"] / figures["peer"],
        "ours, fast / peer": figures["ours, fast"] / figures["peer"],
        "GFLOP a photo": flops / 1e9,
        "matrix product, plain, TFLOP/s": peaks["plain"] / 1e12,
        "matrix product, fast, TFLOP/s": peaks["fast"] / 1e12,
        "share of the peak, plain": flops * figures["ours, plain"] / peaks["plain"],
        "share of the peak, fast": flops * figures["ours, fast"] / peaks["fast"],
    }


def _synchronise() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", nargs="+", default=["unet", "resnet18"])
    parser.add_argument("--size", type=int, default=256, help="pixels of a side")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[16, 64], help="photos")
    parser.add_argument("--seconds", type=float, default=10, help="that each loop is measured for")
    arguments = parser.parse_args()
    figures = {
        f"{backbone}, batch {batch_size}": measure(backbone, arguments.size, batch_size, arguments)
        for backbone in arguments.backbone
        for batch_size in arguments.batch_sizes
    }
    table = Table("photos a second", *figures, title=f"One training step at {arguments.size} px on {_device_name()}")
    for name in next(iter(figures.values())):
        table.add_row(name, *(f"{values[name]:.3g}" for values in figures.values()))
    Console().print(table)
    print(json.dumps({"device": _device_name(), **vars(arguments), "figures": figures}))


def _device_name() -> str:
    return torch.cuda.get_device_name() if DEVICE.type == "cuda" else "cpu"


if __name__ == "__main__":
    main()
