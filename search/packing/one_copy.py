"""One copy of a trial, in a process of its own: what it takes of the device, and how fast it is beside others."""

from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from data.errors import HuetuneError
from data.manifest import Manifest, check_quick
from models.config.trial import TrialConfig
from models.training.step import GpuMemoryError
from search.worker.device import lent_device
from search.worker.estimate import steps_per_s
from search.worker.peak import measured_peak

NUM_STEPS = 2
"""Of each phase, before anything is timed."""


@dataclass(frozen=True)
class Ready:
    """What it has held of the device's memory, having trained some steps and validated some batches."""

    peak_bytes: int
    """Of tensors; on the CPU all that the process has held."""
    beside_bytes: int
    """Of the whole device, in use beside this process's tensors now."""


@dataclass(frozen=True)
class Failed:
    """Why there is no copy."""

    reason: str
    no_memory: bool = False


def train_copy(pipe: Connection, config: TrialConfig, cpu: int, gpu: float, window_s: float) -> None:
    """Send Ready; once anything is received, train for so many seconds and send the steps per second; or send Failed.

    gpu: its share, as a trial gets it; 0: on the CPU. window_s: 0 ends it once it is ready.
    """
    try:
        manifests = {split: check_quick(Path(path)) for split, path in config.data.training_files.items()}
        pipe.send(_ready(config, manifests, cpu, gpu))
        if window_s:
            pipe.send(steps_per_s(config, manifests, lent_device(cpu, gpu), window_s, begin=lambda: _begin(pipe)))
    except (EOFError, BrokenPipeError):
        return  # nobody wants to know any more
    except (GpuMemoryError, torch.OutOfMemoryError, MemoryError) as error:
        pipe.send(Failed(" ".join(str(error).split())[:300], no_memory=True))
    except HuetuneError as error:
        pipe.send(Failed(str(error)))


def _ready(config: TrialConfig, manifests: dict[str, Manifest], cpu: int, gpu: float) -> Ready:
    peak = measured_peak(config, manifests, cpu, gpu, NUM_STEPS)
    if not gpu:
        return Ready(peak.ram_bytes, 0)
    free_bytes, total_bytes = torch.cuda.mem_get_info()
    return Ready(peak.gpu_bytes, total_bytes - free_bytes - torch.cuda.memory_reserved())


def _begin(pipe: Connection) -> None:
    """Wait for all the others, its networks built anew, and a step trained."""
    pipe.send("at the start")
    pipe.recv()
