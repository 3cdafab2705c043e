"""What one node has of what a sweep needs. Runs on that node."""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ray
import torch

from data.errors import HuetuneError
from data.manifest import check_quick
from models.config.trial import TrialConfig
from models.objectives.lpips import BACKBONES as LPIPS_BACKBONES
from models.weights import load_state, weights_hash
from search.driver.provenance import versions
from search.spec.sweep_spec import SweepSpec

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
    findings = [_packages(expected), _cuda(spec.resources.gpu), _storage(proof)]
    findings += [_data(name, beton) for name, beton in spec.data.files.items()]
    findings += [_weights(*wanted) for wanted in sorted({w for config in spec.corner_configs for w in _wanted(config)})]
    starts = {config.start_from for config in spec.corner_configs if config.start_from}
    return [*findings, *map(_start, sorted(starts)), _shared_memory()]


def _wanted(config: TrialConfig) -> Iterator[tuple[str, str]]:
    """Name and file (empty: to be found) of the pretrained weights that a trial loads."""
    evaluation, loss = config.evaluation, config.loss
    if evaluation.fid_images and "colorization" in config.tasks:
        yield "inception-fid", str(evaluation.fid_weights or "")
    if config.model.pretrained:
        yield config.model.backbone, str(config.model.weights or "")
    judges = (loss.teacher, evaluation.classifier, LPIPS_BACKBONES.get(evaluation.lpips or ""))
    yield from ((name, "") for name in judges if name)
    if loss.perceptual:
        yield "vgg16", ""


def _packages(expected: dict[str, str]) -> Finding:
    found = versions()
    # A working_dir on the workers is no git checkout, so the commit says nothing there.
    other = [name for name in expected if name != "commit" and found[name] != expected[name]]
    fault = ", ".join(f"{name} is {found[name]}, the driver has {expected[name]}" for name in other)
    mend = f"{fault}: install the pinned requirements on both" if fault else ""
    return Finding("packages", f"python {platform.python_version()}, torch {found['torch']}, ray {found['ray']}", mend)


def _cuda(wanted: float) -> Finding:
    if not torch.cuda.is_available():
        mend = "Ray counts a GPU here that torch cannot use: look at the driver" if _lent_gpus() else ""
        needed = "" if wanted else ", none is asked for"
        return Finding("CUDA", f"torch is built for CUDA {torch.version.cuda}, no GPU{needed}", mend)
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


def _start(checkpoint: Path) -> Finding:
    fault = "" if checkpoint.is_file() else "put the checkpoint where all nodes see it, and name it by start_from"
    return Finding("start_from", str(checkpoint) if not fault else f"{checkpoint} is missing", fault)


def _lent_gpus() -> bool:
    return bool(ray.get_runtime_context().get_accelerator_ids().get("GPU"))


def _weights(name: str, file: str) -> Finding:
    try:
        state = load_state(name, Path(file) if file else None)
    except HuetuneError as error:
        return Finding(f"weights, {name}", "missing", str(error))
    return Finding(f"weights, {name}", f"found, content {weights_hash(state)[:12]}")


def _shared_memory() -> Finding:
    free_gib = shutil.disk_usage(SHARED_MEMORY).free / 2**30
    mend = f"give it {MIN_SHM_GIB:g} GiB: Ray's object store lives there" if free_gib < MIN_SHM_GIB else ""
    return Finding(SHARED_MEMORY, f"{free_gib:.1f} GiB free", mend)
