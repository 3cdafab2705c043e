"""The pods of a Ray cluster on Kubernetes that a sweep is to run on, as a user describes them."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from models.config.section import Section

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
"""Of an object of Kubernetes."""
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti)$")]
"""Such as 64Gi."""
SPOT_LABELS = {
    "gke": ("cloud.google.com/gke-spot", "true"),
    "eks": ("eks.amazonaws.com/capacityType", "SPOT"),
    "karpenter": ("karpenter.sh/capacity-type", "spot"),
    "aks": ("kubernetes.azure.com/scalesetpriority", "spot"),
}
"""By who runs the nodes: the label, and where there is one the taint, of those that can be taken away."""


def _absolute(path: PurePosixPath) -> PurePosixPath:
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError("must be a whole path, such as /storage")
    return path


class Toleration(Section):
    key: str
    value: str | None = None
    """None: whatever value the taint has."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class HeadPod(Section):
    """Runs the driver and Ray's own services; no trials."""

    cpu: int = Field(4, ge=1)
    memory: Memory = "16Gi"
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()


class WorkerGroup(Section):
    """Pods that are all alike, as many as trials need."""

    name: Name
    cpu: int = Field(ge=1)
    memory: Memory
    gpus: int = Field(0, ge=0)
    shared_memory: Memory = "8Gi"
    """For Ray's object store and the loaders; part of `memory`."""
    min: int = Field(0, ge=0)
    max: int = Field(ge=1)
    spot: Literal["gke", "eks", "karpenter", "aks"] | None = None
    """Only on nodes that can be taken away, which are cheap; of whom."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max < self.min:
            raise ValueError(f"max {self.max} is below min {self.min}")
        return self


class SharedStorage(Section):
    """A volume that all pods mount: sweeps, .beton files and weights."""

    claim: Name
    """A PersistentVolumeClaim with the access mode ReadWriteMany, which is there."""
    mount: Annotated[PurePosixPath, AfterValidator(_absolute)] = PurePosixPath("/storage")
    sweeps: Annotated[PurePosixPath, AfterValidator(_absolute)] = PurePosixPath("/storage/sweeps")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.sweeps.is_relative_to(self.mount):
            raise ValueError(f"sweeps: {self.sweeps} is not under {self.mount}, and would be lost with the pod")
        return self


class KubeRayCluster(Section):
    image: str = Field(min_length=1)
    """With huetune installed (cluster/setup.sh), by its digest or a tag that is not moved."""
    namespace: Name = "default"
    shared: SharedStorage
    head: HeadPod = HeadPod()
    workers: tuple[WorkerGroup, ...] = Field(min_length=1)

    pull_secrets: tuple[Name, ...] = ()
    service_account: Name | None = None
    """Of the workers; the head has one that KubeRay makes for its autoscaler."""
    token_secret: Name | None = None
    """A Secret with the key auth_token. None: KubeRay makes one for each cluster."""
    user_id: int = Field(1000, ge=1)
    """Who the processes run as, and the group that the volume's files belong to; never root."""
    environment: dict[str, str] = Field(default_factory=dict)
    """No secrets: it stands in the manifest."""

    idle_s: int = Field(300, ge=60)
    """After which a worker without a trial is given back."""
    drain_s: int = Field(25, ge=5, le=3600)
    """For the trials of a pod that is to go; clouds give a spot node 15 to 120 s."""
    retries: int = Field(10, ge=0)
    """Each with a new cluster; the sweep goes on where it was."""
    max_hours: float | None = Field(None, gt=0)
    """Of all retries together."""
    keep_s: int = Field(600, ge=0)
    """For which the cluster stays after the end, to look at."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [group.name for group in self.workers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"workers: two groups are called {', '.join(sorted(twice))}; give each its own name")
        return self
