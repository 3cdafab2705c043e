"""What one node has of what a sweep needs, looked up in about a second. Runs on that node, without torch."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import HuetuneError
from data.files import sha256
from data.manifest import check_quick
from data.staged.place import own_stage, stage_folder
from data.staged.room import free_bytes
from search.preflight.cuda import cuda_driver
from search.preflight.finding import Finding
from search.preflight.source import code_hash, differing

PROBE_BYTES = 1 << 20
"""Written into the storage: a full disk may still take an empty file."""
MIN_FREE_BYTES = 200 << 20
RAY_FULL = 0.95
"""Share of a disk above which Ray makes no more objects there (its local_fs_capacity_threshold)."""


@dataclass(frozen=True)
class Photos:
    """A .beton of the sweep, as the driver has it."""

    split: str
    path: Path
    sha256: str
    num_bytes: int


@dataclass(frozen=True)
class Question:
    """What the driver wants to know of every node."""

    packages: dict[str, str]
    """Versions by package, as the driver has them."""
    code: str
    """The hash of the driver's code."""
    proof: Path
    """A file that the driver has written into the storage."""
    proof_content: str
    photos: tuple[Photos, ...]
    staged: bool
    """Trials copy the photos to the node's own disk."""
    num_gpus: int = 0
    """That Ray counts on the node, if trials are to get any."""
    ray_folder: Path | None = None
    """Where Ray keeps its logs, and objects that memory does not hold."""
    whole_files: bool = False
    """Hash all of the photos' files, which takes as long as reading them."""


def look(question: Question) -> list[Finding]:
    """The findings on this node."""
    findings = [_packages(question), _code(question), _storage(question.proof, question.proof_content)]
    findings += [_photos(photos, question) for photos in question.photos]
    if question.num_gpus:
        findings.append(_gpus(question.num_gpus))
    return [*findings, *_disks(question.ray_folder)]


def _packages(question: Question) -> Finding:
    seen = f"python {question.packages['python']}, torch {question.packages['torch']}, ray {question.packages['ray']}"
    if other := differing(question.packages):
        return Finding("packages", other, "install the pinned requirements on both: cluster/setup.sh")
    return Finding("packages", seen)


def _code(question: Question) -> Finding:
    if (found := code_hash()) != question.code:
        seen = f"huetune's files are others than the driver's ({found[:12]}, not {question.code[:12]})"
        return Finding("code", seen, "put the driver's version there, or run it from a checkout by --address")
    return Finding("code", f"the driver's ({found[:12]})")


def _storage(proof: Path, content: str) -> Finding:
    folder = proof.parent
    try:
        seen = proof.read_text() == content
    except OSError:
        seen = False
    if not seen:
        return Finding("storage", f"{folder} is not the driver's", "name a folder that all nodes share: --storage")
    written = proof.with_name(f"{proof.name}-{uuid.uuid4().hex}")
    try:
        _write_probe(written)
    except OSError as error:
        return Finding(
            "storage", f"{folder} cannot be written to ({error.strerror})", "make room, or give the right to"
        )
    finally:
        written.unlink(missing_ok=True)
    return Finding("storage", f"{folder} is shared, {_gib(_free(folder))} free")


def _write_probe(path: Path) -> None:
    with path.open("wb") as file:
        file.write(os.urandom(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _photos(photos: Photos, question: Question) -> Finding:
    subject, stage = f"data, {photos.split}", own_stage()
    if stage is not None and (kept := stage.entry(photos.sha256)) is not None:
        path = stage.file(kept)
        wrong = question.whole_files and sha256(path) != photos.sha256
        fault = "delete that copy, and `huetune cluster stage` makes it again" if wrong else ""
        return Finding(subject, f"{path} is altered" if wrong else f"copy in {stage.folder}", fault)
    try:
        manifest = check_quick(photos.path)
    except HuetuneError as error:
        return _missing(subject, photos, str(error), question.staged)
    whole = (question.whole_files and sha256(photos.path)) or manifest.sha256
    if {manifest.sha256, whole} != {photos.sha256}:
        return Finding(subject, f"{photos.path} is another file than the driver's", "copy the driver's there")
    seen = f"{manifest.num_samples:,} photos, sha256 {manifest.sha256[:12]}"
    return Finding(subject, seen, note=_too_little_room(photos) if question.staged else "")


def _missing(subject: str, photos: Photos, why: str, staged: bool) -> Finding:
    """Trials that copy the photos bring them from the driver's node."""
    room = f"a copy takes {_gib(photos.num_bytes)}, {_gib(_stage_room())} free"
    if staged and _stage_room() >= photos.num_bytes:
        return Finding(subject, room, note="not here yet: copied before the first trial")
    mend = "make room in HUETUNE_STAGE" if staged else "share its folder, or copy it by `huetune cluster stage`"
    return Finding(subject, f"{why} ({room})", mend)


def _too_little_room(photos: Photos) -> str:
    if _stage_room() >= photos.num_bytes:
        return ""
    return f"no room in {stage_folder()} for a copy of {_gib(photos.num_bytes)}: trials read the original"


def _stage_room() -> int:
    """Bytes; of the nearest folder that there is already."""
    return free_bytes(next(folder for folder in [stage_folder(), *stage_folder().parents] if folder.is_dir()))


def _gpus(wanted: int) -> Finding:
    driver = cuda_driver()
    if driver is None:
        return Finding(
            "GPUs", f"Ray counts {wanted}, and there is no NVIDIA driver", "start the node with --num-gpus=0"
        )
    seen = f"{driver.num_gpus} GPUs, driver for CUDA {driver.version[0]}.{driver.version[1]}"
    if driver.num_gpus < wanted:
        return Finding("GPUs", f"{seen}; Ray counts {wanted}", "start the node with as many as it has: --num-gpus")
    return Finding("GPUs", seen)


def _disks(ray_folder: Path | None) -> Iterator[Finding]:
    """Each disk once that Ray and trials write temporary files to."""
    folders = [Path(os.environ.get("TMPDIR") or tempfile.gettempdir()), *([ray_folder] if ray_folder else [])]
    disks = {folder.stat().st_dev: folder for folder in folders if folder.is_dir()}
    for folder in disks.values():
        free, capacity = _free(folder), _capacity(folder)
        full = free < MIN_FREE_BYTES or 1 - free / capacity > RAY_FULL
        fault = "make room: Ray keeps logs and objects there, trials temporary files" if full else ""
        yield Finding("temporary files", f"{_gib(free)} of {_gib(capacity)} free in {folder}", fault)


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _capacity(folder: Path) -> int:
    disk = os.statvfs(folder)
    return max(disk.f_blocks * disk.f_frsize, 1)


def _gib(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.1f} GiB"
