"""A real Ray head of a test's own: dashboard, job server and token, all on loopback."""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TRIES = 4
"""Ray (2.60) gives a raylet 30 s to start, which on a busy machine is short."""
_START = """
import json, pathlib, sys, ray
where = {"_node_ip_address": "127.0.0.1", "_temp_dir": sys.argv[1], "dashboard_host": "127.0.0.1"}
found = ray.init("local", num_cpus=int(sys.argv[2]), include_dashboard=True, dashboard_port=int(sys.argv[3]), **where)
# As `ray start` does, or jobs would look for their cluster among all of the machine.
pathlib.Path(sys.argv[1], "ray_current_cluster").write_text(found.address_info["gcs_address"])
print(json.dumps([found.address_info["gcs_address"], found.address_info["webui_url"]]), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Head:
    address: str
    dashboard: str
    token_file: Path
    environment: dict[str, str] = field(repr=False)
    """Of a process that is let in."""


@contextmanager
def ray_head(folder: Path, num_cpus: int = 2) -> Iterator[Head]:
    """A head with its services, ended with all of its processes afterwards; folder: for its log and token."""
    token_file = folder / "token"
    token_file.touch(mode=0o600)
    token_file.write_text(secrets.token_hex(32))
    # Without the last one Ray puts the machine's outer address in the place of 127.0.0.1.
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token_file)}
    environment = os.environ | token | {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    with tempfile.TemporaryDirectory(
        prefix="ht-", dir="/tmp", ignore_cleanup_errors=True
    ) as temp:  # short, for sockets
        process, address, dashboard = _start(folder / "head.log", [temp, str(num_cpus)], environment)
        try:
            yield Head(address, dashboard, token_file, environment)
        finally:
            _end(process)


def _start(log: Path, arguments: list[str], environment: dict[str, str]) -> tuple[subprocess.Popen[str], str, str]:
    """The process that holds the head, the head's host:port, and its dashboard."""
    for _ in range(_TRIES):
        with log.open("w") as errors:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", _START, *arguments, str(_free_port())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
            )
        assert process.stdout is not None
        if line := process.stdout.readline():
            address, dashboard = json.loads(line)
            return process, address, f"http://{dashboard}"
        _end(process)
    raise AssertionError(log.read_text())


def _end(process: subprocess.Popen[str]) -> None:
    """Once it has nothing to read it shuts the head down."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
