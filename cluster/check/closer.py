"""What a node's torch says: GPUs, and the weights that trials load. Runs on that node, in a process of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from data.errors import HuetuneError
from models.pretrained import WantedWeights
from models.weights import local_state, weights_hash
from search.preflight.cuda import cuda_driver
from search.preflight.finding import Finding

BUSY = 0.1
"""Share of a GPU's memory that others may hold unmentioned: displays, monitors."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as torch sees it."""

    name: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class CloserView:
    """What was found with torch."""

    findings: tuple[Finding, ...]
    gpus: tuple[Gpu, ...]


def closer_view(num_gpus: int, weights: Sequence[WantedWeights], starts: Sequence[Path]) -> CloserView:
    """num_gpus: that Ray counts here, if trials are to get any; starts: checkpoints that trials start from."""
    findings = [*map(_weights, weights), *map(_start, starts)]
    if not num_gpus:
        return CloserView(tuple(findings), ())
    try:
        gpus = tuple(_gpus())
    except RuntimeError as error:  # whatever the driver refuses
        return CloserView((*findings, Finding("CUDA", _first_line(error), _mend_driver())), ())
    return CloserView((*findings, _cuda(gpus, num_gpus), *map(_busy, gpus)), gpus)


def _gpus() -> Iterator[Gpu]:
    torch.cuda.init()
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        yield Gpu(torch.cuda.get_device_name(number), total, free)


def _mend_driver() -> str:
    """torch refuses to work where the driver is of an older CUDA than it was built for."""
    driver, built = cuda_driver(), torch.version.cuda
    if built is None:
        return "install the pinned requirements: this torch is built without CUDA"
    if driver is None:
        return "install the NVIDIA driver, or start the node with --num-gpus=0"
    return f"the driver is for CUDA {driver.version[0]}.{driver.version[1]}, torch for {built}: renew the driver"


def _cuda(gpus: Sequence[Gpu], counted: int) -> Finding:
    names = ", ".join(sorted({f"{gpu.name}, {gpu.total_bytes / 2**30:.0f} GiB" for gpu in gpus}))
    seen = f"{len(gpus)} × {names}; torch for CUDA {torch.version.cuda}"
    fault = f"Ray counts {counted}: start the node with --num-gpus={len(gpus)}" if len(gpus) < counted else ""
    return Finding("CUDA", seen, fault)


def _busy(gpu: Gpu) -> Finding:
    share = 1 - gpu.free_bytes / gpu.total_bytes
    note = "others use it: end them, or trials run out of memory" if share > BUSY else ""
    return Finding("GPU memory", f"{gpu.free_bytes / 2**30:.0f} of {gpu.total_bytes / 2**30:.0f} GiB free", note=note)


def _weights(wanted: WantedWeights) -> Finding:
    subject = f"weights, {wanted.name}"
    try:
        state = local_state(wanted.name, wanted.path)
    except HuetuneError as error:
        return Finding(subject, "missing", str(error))
    return Finding(subject, f"content {weights_hash(state)[:12]}")


def _start(checkpoint: Path) -> Finding:
    if not checkpoint.is_file():
        return Finding("start_from", f"{checkpoint} is missing", "put it where all nodes see it, and name it there")
    return Finding("start_from", str(checkpoint))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
