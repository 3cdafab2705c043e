"""Manifests for KubeRay: a sweep with a cluster of its own, or the cluster alone.

For KubeRay 1.5.1 or newer, which makes the token of the cluster, puts it into a Secret and hands it to the pods.
"""

import hashlib
import re
import shlex
import shutil
import subprocess
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any

from cluster.launch.job import SweepJob
from cluster.launch.kuberay_config import KubeRayCluster
from cluster.launch.kuberay_pods import CONTAINER_SECURITY, SPEC_FOLDER, head_pod, worker_pod
from cluster.launch.yaml_text import yaml_text
from search.errors import SweepError
from search.spec.sweep_spec import SweepSpec

_SPEC_FILE = "sweep.yaml"
_MAX_NAME = 47
"""Characters that KubeRay allows in the name of a RayJob."""
_APPLY_TIMEOUT_S = 60


def job_manifests(spec: SweepSpec, spec_text: str, cluster: KubeRayCluster) -> str:
    """A RayJob that runs the sweep to its end whatever happens to its pods, and the ConfigMap with the sweep file.

    Raises:
        SweepError: a file of photos is where no pod sees it.
    """
    _require_reachable(spec, cluster)
    name = object_name(spec.name)
    job = SweepJob(PurePosixPath(SPEC_FOLDER) / _SPEC_FILE, spec.name, cluster.shared.sweeps)
    deadline = {"activeDeadlineSeconds": int(cluster.max_hours * 3600)} if cluster.max_hours else {}
    ray_job = {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": _metadata(name, cluster),
        "spec": {
            "entrypoint": shlex.join(job.command()),
            "backoffLimit": cluster.retries,
            **deadline,
            "shutdownAfterJobFinishes": True,
            "ttlSecondsAfterFinished": cluster.keep_s,
            "rayClusterSpec": _cluster_spec(cluster, name),
        },
    }
    return yaml_text(_config_map(name, spec_text, cluster), ray_job)


def cluster_manifest(name: str, cluster: KubeRayCluster) -> str:
    """A RayCluster alone, for sweeps that are handed in to it."""
    ray_cluster = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": _metadata(object_name(name), cluster),
        "spec": _cluster_spec(cluster, config_map=None),
    }
    return yaml_text(ray_cluster)


def object_name(sweep: str) -> str:
    """The sweep's name as Kubernetes allows it; two that would become one keep apart."""
    plain = re.sub(r"[^a-z0-9]+", "-", sweep.lower()).strip("-")
    name = plain if plain[:1].isalpha() else f"sweep-{plain}".strip("-")
    if name == sweep and len(name) <= _MAX_NAME:
        return name
    return f"{name[: _MAX_NAME - 7].rstrip('-')}-{hashlib.sha256(sweep.encode()).hexdigest()[:6]}"


def apply(manifests: str) -> str:
    """Hand the manifests to Kubernetes; what kubectl says.

    Raises:
        SweepError: there is no kubectl, or it refuses.
    """
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise SweepError(
            "there is no kubectl on this machine; write the manifests with --out, and apply them elsewhere"
        )
    command = [kubectl, "apply", "-f", "-"]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=manifests, capture_output=True, text=True, check=False, timeout=_APPLY_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise SweepError(f"kubectl has not answered for {_APPLY_TIMEOUT_S} s; see `kubectl cluster-info`") from None
    if done.returncode:
        reason = " ".join(done.stderr.split())[-300:]
        raise SweepError(f"kubectl refuses the manifests ({reason}); see them with --dry-run")
    return done.stdout


def _require_reachable(spec: SweepSpec, cluster: KubeRayCluster) -> None:
    mount = cluster.shared.mount
    for name, beton in spec.data.files.items():
        if not PurePosixPath(beton).is_relative_to(mount):
            raise SweepError(f"data.{name}: {beton} is not under {mount}, the volume that the pods see; copy it there")


def _metadata(name: str, cluster: KubeRayCluster) -> dict[str, Any]:
    return {"name": name, "namespace": cluster.namespace, "labels": {"app.kubernetes.io/name": "huetune"}}


def _config_map(name: str, spec_text: str, cluster: KubeRayCluster) -> dict[str, Any]:
    data = {_SPEC_FILE: spec_text}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(name, cluster), "data": data}


def _cluster_spec(cluster: KubeRayCluster, config_map: str | None) -> dict[str, Any]:
    secret = {"secretName": cluster.token_secret} if cluster.token_secret else {}
    return {
        "rayVersion": version("ray"),
        "authOptions": {"mode": "token", **secret},
        "enableInTreeAutoscaling": True,
        "autoscalerOptions": {
            "idleTimeoutSeconds": cluster.idle_s,
            "securityContext": CONTAINER_SECURITY,
        },
        "headGroupSpec": {
            "serviceType": "ClusterIP",
            # Trials are for workers: on the head one of them could take the driver's memory.
            "rayStartParams": {"dashboard-host": "0.0.0.0", "num-cpus": "0"},  # noqa: S104
            "template": head_pod(cluster, config_map),
        },
        "workerGroupSpecs": [
            {
                "groupName": group.name,
                "replicas": group.min,
                "minReplicas": group.min,
                "maxReplicas": group.max,
                "rayStartParams": {},
                "template": worker_pod(cluster, group),
            }
            for group in cluster.workers
        ],
    }
