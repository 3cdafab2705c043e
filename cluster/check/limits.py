"""What the system of a node allows, and the memory that it has free. Runs on that node, without torch."""

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from search.preflight.finding import Finding

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
MIN_SHARED_GIB = 1.0
MIN_OPEN_FILES = 4096
"""Ray's daemon of a node holds some files for each worker, that of the head for each worker of the cluster."""
_CGROUP = Path("/sys/fs/cgroup")


def limits() -> list[Finding]:
    """The findings on this node."""
    return [*_shared_memory(), _open_files()]


def free_memory_bytes() -> int:
    """That processes can still be given: of the machine, or of the container that this one runs in."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    of_machine = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    return min([of_machine, *_free_in_container()])


def _free_in_container() -> Iterator[int]:
    """By control groups of either version; nothing where there is no limit."""
    for limit, used in (
        (_CGROUP / "memory.max", _CGROUP / "memory.current"),
        (_CGROUP / "memory/memory.limit_in_bytes", _CGROUP / "memory/memory.usage_in_bytes"),
    ):
        if limit.is_file() and used.is_file() and (text := limit.read_text().strip()).isdecimal():
            yield max(int(text) - int(used.read_text()), 0)


def _shared_memory() -> Iterator[Finding]:
    if not SHARED_MEMORY.is_dir():
        return
    free_gib = shutil.disk_usage(SHARED_MEMORY).free / 2**30
    fault = f"give it {MIN_SHARED_GIB:g} GiB: Ray's object store lives there" if free_gib < MIN_SHARED_GIB else ""
    yield Finding(str(SHARED_MEMORY), f"{free_gib:.1f} GiB free", fault)


def _open_files() -> Finding:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    note = "" if allowed >= MIN_OPEN_FILES else "`ulimit -n 65536` before `ray start`, where many trials run at once"
    return Finding("open files", f"{allowed:,} for a process", note=note)
