"""Connecting to Ray: a cluster of this machine alone, or one at an address."""

import json
import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray._private import ray_constants
from ray._private.runtime_env.constants import RAY_JOB_CONFIG_JSON_ENV_VAR

from search.driver.growth import kinds_to_come
from search.driver.head import find_head
from search.driver.head_watch import give_up, head_watched
from search.driver.shipped import shipped_code
from search.errors import SweepError

ASK_EVERY_S = 2.0
MAX_STARTS = 3
"""Ray gives its own processes 30 s to start, which on a busy machine may not be enough."""

# Set before Ray reads them. Tune's own console and loggers would say everything twice; its snapshots, which we never go
# back to, would cost more with every trial.
_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
}
_OF_WORKERS = {
    # How long a pruned trial may take to come to its end: a worker that is thrown away costs 10 s and all that is warm.
    "TUNE_FUNCTION_THREAD_TIMEOUT_S": "30",
}


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Be connected to the Ray cluster at `address`, or to a new one on this machine, on loopback with a token.

    Raises:
        SweepError: there is no cluster at the address, or it refuses us.
    """
    os.environ.update(_ENVIRONMENT | _OF_WORKERS)
    for name in ("ray", "ray.tune", "ray.train"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if ray.is_initialized():  # a notebook's own connection, which stays
        if address is not None:
            raise SweepError(f"Ray is connected already, not to {address}; call ray.shutdown(), or give no address")
        yield
        return
    try:
        if address is None:
            _start_local()
            yield
        else:
            with head_watched(_join(address), give_up):
                yield
    finally:
        ray.shutdown()


def _start_local() -> None:
    # Without this Ray puts the host's outer address in the place of 127.0.0.1, and listens there. The variable alone is
    # for the processes that it starts: in ours it was read when ray was imported.
    ray_constants.ENABLE_RAY_CLUSTER = False
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    for _ in range(MAX_STARTS):
        try:
            ray.init(
                address="local",
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _node_ip_address="127.0.0.1",
            )
            return
        except Exception as error:  # which is all that Ray says it is
            if "timed out during startup" not in str(error):
                raise
    raise SweepError(f"Ray has not started here in {MAX_STARTS} times 30 s: the machine is too busy; try again later")


def _join(address: str) -> str:
    """The host:port of the head of the cluster, which we are connected to then."""
    head = find_head(address)
    with shipped_code() as code:
        ours = {"working_dir": str(code), "env_vars": _OF_WORKERS}
        try:
            ray.init(
                address=head,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env=_besides(_environment_of_job(), ours),
            )
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            reason = " ".join(str(error).split())[:300]
            raise SweepError(f"the Ray cluster at {head!r} does not let us in: {reason}") from error
    return head


def _environment_of_job() -> dict[str, Any]:
    """What Ray has set up for us already, where this process is a submitted job."""
    config = json.loads(os.environ.get(RAY_JOB_CONFIG_JSON_ENV_VAR) or "{}")
    return config.get("runtime_env") or {}


def _besides(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """What of ours is not set already, which Ray would take for a conflict."""
    variables = {name: value for name, value in ours["env_vars"].items() if name not in theirs.get("env_vars", {})}
    return {name: value for name, value in ours.items() if name not in theirs} | {"env_vars": variables}


def trials_at_once(has: dict[str, float], cpu: int, gpu: float) -> int:
    """How many trials, each given so much, a node has room for that has these resources."""
    # A share lies on one GPU: two trials of .4 on each, not five on two.
    num_gpus = has.get("GPU", 0)
    on_gpus = int(num_gpus) * int(1 / gpu) if 0 < gpu <= 1 else int(num_gpus / gpu) if gpu else math.inf
    return int(min(has.get("CPU", 0) // cpu, on_gpus))


class ClusterRoom:
    """How many trials the cluster has room for, asked of it every few seconds, since nodes come and go.

    Where it is scaled by need that is the room of the nodes that there can be: trials have to wait for a node to come.
    """

    def __init__(self, cpu: int, gpu: float, clock: Callable[[], float]) -> None:
        self._cpu, self._gpu, self._clock = cpu, gpu, clock
        self._asked_at, self._room = -math.inf, 0

    def __call__(self) -> int:
        if self._clock() - self._asked_at > ASK_EVERY_S:
            self._asked_at = self._clock()
            there = sum(trials_at_once(node, self._cpu, self._gpu) for node in _nodes())
            to_come = sum(kind["count"] * trials_at_once(kind, self._cpu, self._gpu) for kind in kinds_to_come())
            self._room = max(there, int(to_come))
        return self._room


def require_resources(cpu: int, gpu: float) -> None:
    """Raise SweepError unless some node of the cluster has what one trial is to be given."""
    nodes = [*_nodes(), *kinds_to_come()]
    if any(node.get("CPU", 0) >= cpu and node.get("GPU", 0) >= gpu for node in nodes):
        return
    most = "; ".join(sorted({f"{node.get('CPU', 0):g} CPU, {node.get('GPU', 0):g} GPU" for node in nodes}))
    raise SweepError(
        f"resources: a trial is to get {cpu} CPU and {gpu:g} GPU, but the nodes have {most}; "
        "ask for less, or name a larger cluster with --address"
    )


def _nodes() -> list[dict[str, float]]:
    """The resources of each node that is there."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
