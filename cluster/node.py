"""What one node has of what a sweep needs. Runs on that node."""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from data.errors import HuetuneError
from data.manifest import check_quick
from models.weights import load_state
from search.provenance import versions
from search.spec import SweepSpec

SHARED_MEMORY = "/dev/shm"  # noqa: S108
MIN_SHM_GIB = 1.0


@dataclass(frozen=True)
class Finding:
    """One line of the check; `fault` says how to mend what was seen, and is empty where all is well."""

    subject: str
    seen: str
    fault: str = ""


def look_around(spec: SweepSpec, proof: Path, expected: dict[str, str]) -> list[Finding]:
    """The findings on this node.

    proof: a file that the driver has written into the storage; expected: the driver's versions.
    """
    config = spec.trial_config(next(spec.parsed_space.corners()))
    findings = [_packages(expected), _cuda(), _storage(proof)]
    findings += [_data(split, Path(spec.data[split])) for split in ("train", "val")]
    if config.evaluation.fid_images:
        findings.append(_weights("inception-fid"))
    if config.model.pretrained and config.model.backbone != "unet":
        findings.append(_weights(config.model.backbone))
    return [*findings, _shared_memory()]


def _packages(expected: dict[str, str]) -> Finding:
    found = versions()
    # A working_dir on the workers is no git checkout, so the commit says nothing there.
    other = [name for name in expected if name != "commit" and found[name] != expected[name]]
    fault = ", ".join(f"{name} is {found[name]}, the driver has {expected[name]}" for name in other)
    mend = f"{fault}: install the pinned requirements on both" if fault else ""
    return Finding("packages", f"python {platform.python_version()}, torch {found['torch']}, ray {found['ray']}", mend)


def _cuda() -> Finding:
    if not torch.cuda.is_available():
        # The task itself holds no GPU, and Ray hides those that it was not given.
        return Finding("CUDA", f"torch is built for CUDA {torch.version.cuda}; no GPU is visible to this task")
    free, total = torch.cuda.mem_get_info()
    return Finding("CUDA", f"{torch.cuda.get_device_name()}, {free / 2**30:.0f} of {total / 2**30:.0f} GiB free")


def _storage(proof: Path) -> Finding:
    if not proof.exists():
        return Finding(
            "storage", f"{proof.parent} is not the driver's", "name a folder that all nodes share: --storage"
        )
    written = proof.with_name(f"{proof.name}-{platform.node()}")
    try:
        written.touch()
        written.unlink()
    except OSError as error:
        return Finding("storage", f"{proof.parent}: {error}", "give this node the right to write there")
    return Finding("storage", f"{proof.parent} is shared, {shutil.disk_usage(proof.parent).free / 2**30:.0f} GiB free")


def _data(split: str, beton: Path) -> Finding:
    try:
        manifest = check_quick(beton)
    except HuetuneError as error:
        return Finding(f"data, {split}", str(beton), str(error))
    return Finding(f"data, {split}", f"{manifest.num_samples} photos, sha256 {manifest.sha256[:12]}")


def _weights(name: str) -> Finding:
    try:
        load_state(name)
    except HuetuneError as error:
        return Finding(f"weights, {name}", "missing", str(error))
    return Finding(f"weights, {name}", "found")


def _shared_memory() -> Finding:
    free_gib = shutil.disk_usage(SHARED_MEMORY).free / 2**30
    mend = f"give it {MIN_SHM_GIB:g} GiB: Ray's object store lives there" if free_gib < MIN_SHM_GIB else ""
    return Finding(SHARED_MEMORY, f"{free_gib:.1f} GiB free", mend)
