"""The measuring on one node, which is lent one of its devices."""

from pathlib import Path

import torch
from pydantic import ValidationError

from data.manifest import check_quick
from models.config.trial import TrialConfig
from search.errors import SweepError
from search.packing.choose import Limit, chosen, limit_of_memory, smallest
from search.packing.copies import NoRoomForCopyError, alone, side_by_side
from search.record_kinds import Packing, PackingLevel, SweepRecord
from search.spec.sweep_spec import SweepSpec
from search.worker.device import CUDA_CONTEXT_BYTES
from search.worker.largest import largest_trial
from search.worker.local_photos import local_photos, reading

WINDOW_S = 10.0
"""For which copies are timed."""


def measured_packing(
    spec: SweepSpec, record: SweepRecord, node: str, cpus: Limit, device: torch.device, window_s: float = WINDOW_S
) -> Packing:
    """How many trials of a sweep should share a device as this one, which nothing else uses.

    The base says how fast they are, the largest trial of the space how much memory they need. On a CPU, the memory is
    the machine's. node: its name; cpus: how many its CPUs allow.

    Raises:
        HuetuneError: photos or weights are missing, or not even one trial fits.
    """
    on_gpu, cpu = device.type == "cuda", spec.resources.cpu
    with local_photos(spec.data.training_files, record) as files:
        choices, largest = largest_trial(spec, {split: check_quick(path) for split, path in files.items()})
        before_bytes = _in_use_bytes(device)
        try:
            ready = alone(reading(largest, files), cpu, on_gpu=on_gpu)
        except NoRoomForCopyError as error:
            raise SweepError(f"the largest trial ({choices}) does not fit {_name(device)}: {error}") from None
        process_bytes = max(ready.beside_bytes - before_bytes, CUDA_CONTEXT_BYTES) if on_gpu else 0
        memory_bytes = _memory_bytes(device)
        limit = smallest(cpus, limit_of_memory(memory_bytes, process_bytes, ready.peak_bytes))
        base = reading(base_trial(spec), files)

        def measure(count: int) -> PackingLevel | None:
            return side_by_side(count, base, cpu, window_s, on_gpu=on_gpu)

        choice = chosen(measure, limit)
    return Packing(
        node=node,
        device=_name(device),
        memory_bytes=memory_bytes,
        process_bytes=process_bytes,
        largest=choices,
        largest_bytes=ready.peak_bytes,
        levels=choice.levels,
        copies=choice.copies,
        why=choice.why,
    )


def base_trial(spec: SweepSpec) -> TrialConfig:
    """The base with what the space fixes; where that is no trial by itself, the first corner of the space."""
    space = spec.parsed_space
    corner = next(iter(space.corners()))
    searched = space.searched(corner)
    try:
        return spec.trial_config({path: value for path, value in corner.items() if path not in searched})
    except ValidationError:
        return spec.corner_configs[0]


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _memory_bytes(device: torch.device) -> int:
    """All of a GPU's; what is free of the machine's."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))


def _in_use_bytes(device: torch.device) -> int:
    """Of the whole device, this process's own CUDA context included."""
    if device.type != "cuda":
        return 0
    free_bytes, total_bytes = torch.cuda.mem_get_info(device)
    return total_bytes - free_bytes
