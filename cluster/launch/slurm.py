"""A sweep as one Slurm job: the file for sbatch, and its submission."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from cluster.launch.job import SweepJob
from cluster.launch.slurm_config import SlurmCluster
from cluster.launch.template import rendered
from data.errors import HuetuneError
from search.spec.sweep_spec import load_spec
from search.storage import sweep_folder

SUBMIT_TIMEOUT_S = 120


class SlurmError(HuetuneError):
    """Slurm is not there, or does not take the job."""


def shared_job(spec_file: Path, name: str | None, storage: Path, settings: Sequence[str]) -> SweepJob:
    """The sweep of a file, on nodes that see the same files under the same paths as this machine.

    Raises:
        HuetuneError: the file asks for what cannot be, or the name or the storage cannot be.
    """
    spec = load_spec(spec_file, settings)
    folder = sweep_folder(storage, name or spec.name)
    return SweepJob(PurePosixPath(spec_file.absolute()), folder.name, PurePosixPath(folder.parent), tuple(settings))


def batch_file(job: SweepJob, cluster: SlurmCluster) -> str:
    """The text of the file: a Ray cluster over the job's nodes, the sweep on it, its clean stop and its requeue."""
    return rendered(
        "slurm.sh.j2",
        job=job,
        cluster=cluster,
        directives=_directives(job, cluster),
        venv=None if cluster.container else cluster.venv or sys.prefix,
        before=shlex.join(cluster.container) + " " if cluster.container else "",
        command=shlex.join(job.command()),
    )


def _directives(job: SweepJob, cluster: SlurmCluster) -> Iterator[str]:
    yield f"--job-name={job.name}"
    yield f"--output={cluster.folder}/%x-%j.log"
    yield "--open-mode=append"
    yield f"--nodes={cluster.nodes}"
    yield "--ntasks-per-node=1"
    yield f"--cpus-per-task={cluster.cpus}"
    if cluster.gpus:
        yield "--gres=" + ":".join(filter(None, ("gpu", cluster.gpu_type, str(cluster.gpus))))
    if cluster.memory_gib:
        yield f"--mem={cluster.memory_gib}G"
    yield f"--time={cluster.minutes // 60:02d}:{cluster.minutes % 60:02d}:00"
    for name in ("account", "partition", "qos", "constraint", "exclude"):
        if value := getattr(cluster, name):
            yield f"--{name}={value}"
    yield f"--signal=B:USR1@{cluster.stop_s}"
    yield "--requeue"
    yield "--no-kill"  # a node that dies does not end the others
    yield "--dependency=singleton"  # the same sweep submitted twice runs one after the other
    yield from cluster.directives


def written(text: str, file: Path) -> Path:
    """The absolute path of a file with that text.

    Raises:
        SlurmError: it cannot be written.
    """
    file = file.expanduser().absolute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SlurmError(f"cannot write {file} ({error.strerror}); give another --out, or another folder") from None
    return file


def submit(file: Path) -> str:
    """Hand the file to Slurm and return the job's number.

    Raises:
        SlurmError: there is no sbatch here, or it refuses.
    """
    sbatch = shutil.which("sbatch")
    if sbatch is None:
        raise SlurmError(f"there is no sbatch on this machine: run `sbatch {file}` on the cluster's login node")
    try:
        done = subprocess.run(  # noqa: S603
            [sbatch, "--parsable", str(file)], capture_output=True, text=True, check=False, timeout=SUBMIT_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise SlurmError(f"sbatch does not answer within {SUBMIT_TIMEOUT_S} s; try `sbatch {file}` again") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
        raise SlurmError(f"sbatch does not take {file}: {said}")
    return done.stdout.strip().partition(";")[0]  # number;cluster
