"""`ray up`, and what to type once the cluster is there."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cluster.launch.cloud_config import AnyCluster
from cluster.launch.token import make_token, read_token, token_environment
from search.errors import SweepError


def token_of(folder: Path) -> str:
    """The token of the cluster whose files are in `folder`: that which is there, or else a new one.

    Raises:
        TokenError: it cannot be written or read, or others can read it.
    """
    file = folder / "token"
    return read_token(file) if file.exists() else make_token(file)


def start_cluster(file: Path) -> None:
    """Run `ray up`, which asks before it starts machines, in this terminal.

    Raises:
        SweepError: it has failed; what it says stands above.
    """
    ray = Path(sys.executable).with_name("ray")
    environment = os.environ | token_environment(file.with_name("token"))
    done = subprocess.run([ray, "up", str(file)], check=False, env=environment)  # noqa: S603
    if done.returncode:
        raise SweepError(f"`ray up {file}` failed with exit status {done.returncode}; `ray down {file}` ends what runs")


def tell_what_next(file: Path, token: Path, spec_file: Path, cluster: AnyCluster, tell: Callable[[str], None]) -> None:
    """Say how to start the cluster, hand the sweep in, and end the cluster."""
    where, variables = shlex.quote(str(file)), token_environment(token)
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    storage = f"{cluster.shared.mount}/sweeps" if cluster.shared else "A FOLDER THAT ALL MACHINES SHARE"
    tell(f"to start it    ray up {where}")
    tell(f"a tunnel       ray attach {where} --port-forward 8265")
    tell(f"then hand in   export {exports}")
    tell(
        f"               huetune cluster submit {shlex.quote(str(spec_file))} --address http://127.0.0.1:8265 "
        f"--storage {shlex.quote(storage)}"
    )
    tell(f"to end it      ray down {where}")
