"""A real Slurm on this machine: its daemons on free ports in a folder of their own, with several nodes simulated.

A node is a slurmd in a PID namespace, so that it dies as a machine does that loses its power: at once and as a whole.
There are no cgroups: what runs on a node is counted, not confined.
"""

import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ray.util import get_node_ip_address

CPUS_OF_NODE = 2
_MISSING = [name for name in ("munged", "slurmctld", "slurmd", "sbatch", "unshare") if shutil.which(name) is None]
OBSTACLE = f"no {_MISSING[0]} on this machine" if _MISSING else "" if os.geteuid() == 0 else "needs to be root"
_NODES = ("n1", "n2", "n3")
_CONFIG = """\
ClusterName=test
SlurmctldHost={host}({address})
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SwitchType=switch/none
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=10
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class SlurmNodes:
    folder: Path
    temp: Path
    """Short enough for Ray's sockets."""
    daemons: dict[str, subprocess.Popen[bytes]]

    def kill(self, node: str) -> None:
        """The daemon and all that it has started."""
        self.daemons[node].kill()
        self.daemons[node].wait()

    def start(self, node: str) -> None:
        namespaces = "unshare --pid --mount --fork --mount-proc --kill-child"
        # The shell is the namespace's init, which has to reap orphans.
        daemon = f"bash -c 'slurmd -D -f {self.folder}/slurm.conf -N {node} & wait; exit'"
        self.daemons[node] = _daemon(self.folder / f"{node}.log", [*shlex.split(namespaces), *shlex.split(daemon)])

    def wait_until_idle(self, node: str) -> None:
        wait_until(lambda: command("sinfo", "--noheader", "--nodes", node, "--format=%t").strip() == "idle")


def job(number: str) -> dict[str, str]:
    """What Slurm knows of a job, such as JobState, Restarts and BatchHost."""
    shown = command("scontrol", "show", "job", "--oneliner", number)
    return dict(pair.split("=", 1) for pair in shown.split() if "=" in pair)


def command(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603


def wait_until(happened: Callable[[], object], timeout_s: float = 600) -> None:
    until = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.2)


@contextmanager
def slurm(folder: Path) -> Iterator[SlurmNodes]:
    """Three idle nodes. SLURM_CONF has to be `folder`/slurm.conf in the environment of all that talks to them."""
    (folder / "state").mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o600)
    (folder / "slurm.conf").write_text(_config(folder))
    with ExitStack() as ended:
        temp = ended.enter_context(tempfile.TemporaryDirectory(prefix="ht", ignore_cleanup_errors=True))
        nodes = SlurmNodes(folder, Path(temp), {})
        munge = ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *_munge_files(folder)]
        ended.enter_context(_running(folder / "munged.out", munge))
        wait_until((folder / "munge.socket").exists)
        ended.enter_context(_running(folder / "slurmctld.log", ["slurmctld", "-D", "-f", f"{folder}/slurm.conf"]))
        for node in _NODES:
            nodes.start(node)
            ended.callback(nodes.kill, node)
        for node in _NODES:
            nodes.wait_until_idle(node)
        yield nodes


def _config(folder: Path) -> str:
    host, address = socket.gethostname(), get_node_ip_address()
    port, *ports = _free_ports(1 + len(_NODES))
    nodes = [
        f"NodeName={node} NodeHostname={host} NodeAddr={address} Port={of_node} CPUs={CPUS_OF_NODE} RealMemory=2000\n"
        for node, of_node in zip(_NODES, ports, strict=True)
    ]
    return _CONFIG.format(host=host, address=address, port=port, folder=folder) + "".join(nodes)


def _munge_files(folder: Path) -> list[str]:
    names = {"socket": "munge.socket", "pid-file": "munged.pid", "log-file": "munged.log", "seed-file": "munge.seed"}
    return [f"--{option}={folder}/{name}" for option, name in names.items()]


@contextmanager
def _running(log: Path, words: Sequence[str]) -> Iterator[None]:
    process = _daemon(log, words)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _daemon(log: Path, words: Sequence[str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(words, stdout=output, stderr=output, start_new_session=True)  # noqa: S603


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        probes = [opened.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
