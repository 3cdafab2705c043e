"""Nodes of a Ray cluster on this machine, started as a user starts them, some of them not as they should be."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CAN_MOUNT = os.geteuid() == 0 and not subprocess.run(["unshare", "-m", "true"], check=False).returncode  # noqa: S607

NUM_TRIES = 3


@contextmanager
def head(log: Path) -> Iterator[str]:
    """The head of a new cluster, with one CPU; its address."""
    port = free_port()
    with _node(log, ["--head", f"--port={port}", "--include-dashboard=false"], {}, []):
        yield f"127.0.0.1:{port}"


@contextmanager
def joined(
    address: str,
    log: Path,
    name: str,
    *options: str,
    environment: Mapping[str, str] | None = None,
    mounts: Sequence[str] = (),
) -> Iterator[None]:
    """Another node, with one CPU; mounts: shell commands of what it sees otherwise than this machine does."""
    given = [f"--address={address}", f"--node-name={name}", *options]
    with _node(log, given, environment or {}, mounts):
        yield


@contextmanager
def _node(log: Path, options: Sequence[str], environment: Mapping[str, str], mounts: Sequence[str]) -> Iterator[None]:
    """From when it has joined on."""
    ray = str(Path(sys.executable).with_name("ray"))
    command = [ray, "start", *options, "--num-cpus=1", "--block", "--disable-usage-stats"]
    if mounts:
        command = ["unshare", "-m", "sh", "-ec", "; ".join([*mounts, 'exec "$@"']), "sh", *command]
    process = _started(command, log, os.environ | environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _started(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """On a busy machine again: Ray gives up after 30 s."""
    for _ in range(NUM_TRIES):
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)  # noqa: S603
        while process.poll() is None:
            if "--block" in log.read_text():  # the last thing it says
                return process
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_other_versions(folder: Path, **versions: str) -> dict[str, str]:
    """The environment of a node on which packages are of these versions, or say so; `folder`: to put them in."""
    for name, version in versions.items():
        metadata = folder / f"{name}-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return {"PYTHONPATH": str(folder)}


def with_clock_ahead(folder: Path, seconds: float) -> dict[str, str]:
    """The environment of a node whose processes read a later time."""
    folder.mkdir()
    shift = f"import time\nread = time.time\ntime.time = lambda: read() + {seconds}\n"
    (folder / "sitecustomize.py").write_text(shift)
    return {"PYTHONPATH": str(folder)}
