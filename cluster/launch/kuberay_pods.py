"""The pods of a Ray cluster on Kubernetes: head and workers, without rights that they do not need."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cluster.launch.kuberay_config import SPOT_LABELS, HeadPod, KubeRayCluster, Toleration, WorkerGroup
from search.driver.growth import growth

SPEC_FOLDER = "/etc/huetune"
GPU = "nvidia.com/gpu"
_HEAD_SHARED_MEMORY = "2Gi"
_GRACE_S = 15
"""For Ray itself to stop, once the trials have had their time."""
CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def head_pod(cluster: KubeRayCluster, config_map: str | None) -> dict[str, Any]:
    """The pod template of the head. config_map: that holds the sweep file, if it runs one."""
    head = cluster.head
    resources = {"cpu": str(head.cpu), "memory": head.memory}
    grows_to = growth([(group.cpu, group.gpus, group.max) for group in cluster.workers])
    container = _container("ray-head", cluster, resources, grows_to) | {
        "ports": [
            {"containerPort": 6379, "name": "gcs"},
            {"containerPort": 8265, "name": "dashboard"},
        ]
    }
    spec = _pod(cluster, container, head, _HEAD_SHARED_MEMORY) | {"affinity": _never_on_spot(cluster)}
    if config_map is not None:
        container["volumeMounts"].append({"name": "sweep", "mountPath": SPEC_FOLDER, "readOnly": True})
        spec["volumes"].append({"name": "sweep", "configMap": {"name": config_map}})
    return {"spec": {name: value for name, value in spec.items() if value}}


def worker_pod(cluster: KubeRayCluster, group: WorkerGroup) -> dict[str, Any]:
    """The pod template of a group of workers, which let their trials go on for a while when they are to go."""
    resources = {"cpu": str(group.cpu), "memory": group.memory} | ({GPU: str(group.gpus)} if group.gpus else {})
    drain = ["huetune", "cluster", "drain", "--seconds", str(cluster.drain_s)]
    container = _container("ray-worker", cluster, resources) | {"lifecycle": {"preStop": {"exec": {"command": drain}}}}
    spec = _pod(cluster, container, group, group.shared_memory) | {
        "automountServiceAccountToken": False,
        "serviceAccountName": cluster.service_account,
        "terminationGracePeriodSeconds": cluster.drain_s + _GRACE_S,
    }
    if group.gpus:
        spec["tolerations"].append({"key": GPU, "operator": "Exists", "effect": "NoSchedule"})
    if group.spot is not None:
        label, value = SPOT_LABELS[group.spot]
        spec["nodeSelector"] = spec["nodeSelector"] | {label: value}
        spec["tolerations"].append({"key": label, "operator": "Equal", "value": value, "effect": "NoSchedule"})
    return {"spec": {name: value for name, value in spec.items() if value or value is False}}


def _container(
    name: str, cluster: KubeRayCluster, resources: dict[str, str], variables: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    environment = {"RAY_USAGE_STATS_ENABLED": "0", **variables} | cluster.environment
    return {
        "name": name,
        "image": cluster.image,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "resources": {"requests": resources, "limits": dict(resources)},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "shared", "mountPath": str(cluster.shared.mount)},
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108
        ],
    }


def _pod(
    cluster: KubeRayCluster, container: dict[str, Any], place: HeadPod | WorkerGroup, shared_memory: str
) -> dict[str, Any]:
    user = cluster.user_id
    return {
        "containers": [container],
        "imagePullSecrets": [{"name": name} for name in cluster.pull_secrets],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            # Files of a large volume are not looked at one by one each time that a pod starts.
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "nodeSelector": dict(place.node_selector),
        "tolerations": [_toleration(toleration) for toleration in place.tolerations],
        "volumes": [
            {"name": "shared", "persistentVolumeClaim": {"claimName": cluster.shared.claim}},
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": shared_memory}},
        ],
    }


def _toleration(toleration: Toleration) -> dict[str, str]:
    matched = {"operator": "Exists"} if toleration.value is None else {"operator": "Equal", "value": toleration.value}
    return {"key": toleration.key, **matched, "effect": toleration.effect}


def _never_on_spot(cluster: KubeRayCluster) -> dict[str, Any]:
    """The driver must not go with a cheap node, whichever pools there are."""
    kinds = sorted({group.spot for group in cluster.workers if group.spot})
    terms = [{"key": SPOT_LABELS[kind][0], "operator": "NotIn", "values": [SPOT_LABELS[kind][1]]} for kind in kinds]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": terms}]}}
    return {"nodeAffinity": required} if terms else {}
