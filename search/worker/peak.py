"""How much memory a trial takes, by a few steps of real training in a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from data.manifest import Manifest
from models.config.trial import TrialConfig
from search.worker.device import lent_device
from search.worker.estimate import timed_trial


@dataclass(frozen=True)
class Peak:
    """The most that this process has held at once."""

    ram_bytes: int
    """Resident, libraries included."""
    gpu_bytes: int
    """Reserved by torch, without the CUDA context; 0 on a CPU."""


def measured_peak(config: TrialConfig, manifests: Mapping[str, Manifest], cpu: int, gpu: float, num_steps: int) -> Peak:
    """Of some steps of every phase and the validation of a few batches, within what a trial is lent.

    Nothing else may have run in this process: what that held would count.

    Raises:
        GpuMemoryError: the trial does not fit its share of the GPU.
        HuetuneError: photos or weights are missing.
    """
    device = lent_device(cpu, gpu)
    timed_trial("", config, manifests, num_steps, device)
    return Peak(_most_resident_bytes(), torch.cuda.max_memory_reserved() if device.type == "cuda" else 0)


def _most_resident_bytes() -> int:
    """VmHWM of proc(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
