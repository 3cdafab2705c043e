"""Files for `ray up`: a cluster on AWS, on Google Cloud, or of one's own hosts."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster.launch.cloud_config import PROVIDERS, AnyCluster, AwsCluster, GcpCluster, HostsCluster
from cluster.launch.cloud_nodes import HEAD, node_types
from cluster.launch.description import read_description
from cluster.launch.token import token_environment
from cluster.launch.yaml_text import yaml_text
from search.driver.growth import growth
from search.driver.shipped import ROOT
from search.errors import SpecError, SweepError
from search.spec.explain import nearest
from search.spec.yaml_file import read_file

CODE_FOLDER = "huetune"
TOKEN_FILE = ".huetune-token"  # noqa: S105 - a file's name
_LEFT_HERE = (".git", ".venv", "tests", "__pycache__", "*.beton", ".*_cache", "*.egg-info")
_PORT = 6379


def read_cluster(file: Path, settings: Sequence[str] = ()) -> AnyCluster:
    """The description of a cluster, of whichever provider it names; settings: see read_description.

    Raises:
        SpecError: it names none, or asks for what cannot be.
    """
    provider = read_file(file, "cluster", "provider, head, workers").content.get("provider")
    if provider not in PROVIDERS:
        hint = nearest(str(provider), list(PROVIDERS))
        raise SpecError(f"{file}: provider: {'missing' if provider is None else f'{provider!r} is none'}; {hint}")
    return read_description(file, PROVIDERS[provider], settings)


def ray_up_file(name: str, cluster: AnyCluster, token: Path) -> str:
    """The YAML text for `ray up`. token: a file here, which goes to each machine; what is in it stays out of the text.

    Raises:
        SweepError: huetune does not run from a checkout, which is what is copied to the machines.
    """
    home = _home(cluster)
    head, workers = _start_commands(cluster, home)
    content = {
        "cluster_name": name,
        "provider": _provider(cluster),
        "auth": _auth(cluster),
        **_size(cluster),
        "file_mounts": {f"{home}/{CODE_FOLDER}": str(_checkout()), f"{home}/{TOKEN_FILE}": str(token)},
        "rsync_exclude": list(_LEFT_HERE),
        "initialization_commands": [],
        "setup_commands": [*_mounting(cluster), *cluster.setup, f"bash {home}/{CODE_FOLDER}/cluster/setup.sh"],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": head,
        "worker_start_ray_commands": workers,
    }
    return yaml_text(content)


def _home(cluster: AnyCluster) -> str:
    return "/root" if cluster.ssh.user == "root" else f"/home/{cluster.ssh.user}"


def _checkout() -> Path:
    if not (ROOT / "cluster/setup.sh").exists() or not (ROOT / "requirements.txt").exists():
        raise SweepError(f"{ROOT} is no checkout of huetune, which is what goes to the machines; run it from one")
    return ROOT


def _provider(cluster: AnyCluster) -> dict[str, Any]:
    if isinstance(cluster, AwsCluster):
        return {"type": "aws", "region": cluster.region, "cache_stopped_nodes": False}
    if isinstance(cluster, GcpCluster):
        zone = {"region": cluster.region, "availability_zone": cluster.zone}
        return {"type": "gcp", **zone, "project_id": cluster.project, "cache_stopped_nodes": False}
    return {"type": "local", "head_ip": cluster.head, "worker_ips": list(cluster.workers)}


def _auth(cluster: AnyCluster) -> dict[str, str]:
    key = cluster.ssh.private_key
    return {"ssh_user": cluster.ssh.user} | ({"ssh_private_key": str(key.expanduser().absolute())} if key else {})


def _size(cluster: AnyCluster) -> dict[str, Any]:
    if isinstance(cluster, HostsCluster):
        return {"max_workers": len(cluster.workers), "upscaling_speed": 1.0}
    return {
        "max_workers": sum(group.max for group in cluster.workers),
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": cluster.idle_minutes,
        "available_node_types": node_types(cluster),
        "head_node_type": HEAD,
    }


def _mounting(cluster: AnyCluster) -> list[str]:
    """Lines that do nothing where the folder is mounted already."""
    if cluster.shared is None:
        return []
    mount, source = shlex.quote(str(cluster.shared.mount)), shlex.quote(cluster.shared.source)
    return [
        "command -v mount.nfs >/dev/null || (sudo apt-get update -qq && sudo apt-get install -qq -y nfs-common)",
        f"sudo mkdir -p {mount}",
        f"mountpoint -q {mount} || sudo mount -t {cluster.shared.type} {source} {mount}",
        f"sudo chown $(id -u):$(id -g) {mount}",
    ]


def _start_commands(cluster: AnyCluster, home: str) -> tuple[list[str], list[str]]:
    """Those of the head and those of a worker. All ports but ssh are for the machines' own network."""
    token = f"{home}/{TOKEN_FILE}"
    variables = token_environment(Path(token)) | {"RAY_USAGE_STATS_ENABLED": "0"} | cluster.environment
    if not isinstance(cluster, HostsCluster):
        variables |= growth([(group.cpus, group.gpus, group.max) for group in cluster.workers])
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    # With .venv first in the PATH `python` is the right one for jobs too.
    prepare = f"chmod 600 {token} && . {home}/{CODE_FOLDER}/.venv/bin/activate && export {exports} && ulimit -n 65536"
    # One's own head has GPUs that are there to be used; a rented one is a small machine for the driver alone.
    no_trials = "" if isinstance(cluster, HostsCluster) else " --num-cpus=0"
    stop = f". {home}/{CODE_FOLDER}/.venv/bin/activate && ray stop"
    # The head starts the workers: that is what the file's copy is for that `ray up` leaves there.
    scaling = "--autoscaling-config=~/ray_bootstrap_config.yaml"
    head = f"{prepare} && ray start --head --port={_PORT} --dashboard-host=127.0.0.1{no_trials} {scaling}"
    return [stop, head], [stop, f"{prepare} && ray start --address=$RAY_HEAD_IP:{_PORT}"]
