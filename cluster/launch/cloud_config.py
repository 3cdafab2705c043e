"""Machines for `ray up`, as a user describes them: of AWS, of Google Cloud, or his own."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from models.config.section import Section

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@:._/-]+$", max_length=300)]
"""What stands in commands and addresses: no blanks, quotes and the like."""
NodeTypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=30)]


def _absolute(path: PurePosixPath) -> PurePosixPath:
    if not path.is_absolute():
        raise ValueError("must be a whole path, such as /storage")
    return path


class SshAccess(Section):
    user: Word = "ubuntu"
    private_key: Path | None = None
    """None: the one that Ray makes (on AWS and Google Cloud), or that ssh takes by itself."""


class SharedFolder(Section):
    """A file system that all machines mount over the network: sweeps, .beton files and weights."""

    source: Word
    """Such as fs-0123.efs.eu-central-1.amazonaws.com:/ or 10.0.0.2:/share."""
    mount: Annotated[PurePosixPath, AfterValidator(_absolute)] = PurePosixPath("/storage")
    type: Literal["nfs", "nfs4"] = "nfs4"


class Machine(Section):
    type: Word
    """As the cloud calls it, such as g5.2xlarge or n1-standard-8."""
    cpus: int = Field(ge=1)
    gpus: int = Field(0, ge=0)
    disk_gib: int = Field(200, ge=50)


class HeadMachine(Machine):
    """Runs the driver and Ray's own services; no trials. Never one that the cloud takes away."""


class WorkerMachines(Machine):
    name: NodeTypeName
    min: int = Field(0, ge=0)
    max: int = Field(ge=1)
    spot: bool = False
    """Cheap, and taken away when others pay more: trials then go on elsewhere from their last checkpoint."""
    accelerator: Word | None = None
    """On Google Cloud the kind of GPU, such as nvidia-tesla-t4; None where the machine type says it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max < self.min:
            raise ValueError(f"max {self.max} is below min {self.min}")
        return self


class _Machines(Section):
    """What the machines of all providers have."""

    ssh: SshAccess = SshAccess()
    shared: SharedFolder | None = None
    """None: the machines mount one already."""
    setup: tuple[str, ...] = ()
    """Lines of bash for each machine, before huetune is installed on it."""
    environment: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] = Field(
        default_factory=dict
    )
    """No secrets: it stands in the file."""


class _Rented(_Machines):
    region: Word
    head: HeadMachine
    workers: tuple[WorkerMachines, ...] = Field(min_length=1)
    image: Word
    """What the machines boot, with the driver of their GPUs: an AMI, or the path of an image of Google's."""
    idle_minutes: float = Field(10, gt=0)
    """After which a worker without a trial is given back."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [group.name for group in self.workers]
        if twice := {name for name in names if names.count(name) > 1 or name == "head"}:
            raise ValueError(f"workers: {', '.join(sorted(twice))} is a name that is taken; give each its own")
        return self


class AwsCluster(_Rented):
    provider: Literal["aws"]
    subnets: tuple[Word, ...] = ()
    security_groups: tuple[Word, ...] = ()
    """Empty: Ray makes one that lets in ssh, and all else from the same group only."""
    head_profile: Word | None = None
    """ARN of the head's instance profile, which may start machines. None: the one that Ray makes."""


class GcpCluster(_Rented):
    provider: Literal["gcp"]
    project: Word
    zone: Word


class HostsCluster(_Machines):
    """Machines that are there already, reached by ssh."""

    provider: Literal["hosts"]
    head: Word
    workers: tuple[Word, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        hosts = [self.head, *self.workers]
        if twice := {host for host in hosts if hosts.count(host) > 1}:
            raise ValueError(f"{', '.join(sorted(twice))} stands twice among head and workers")
        return self


AnyCluster = AwsCluster | GcpCluster | HostsCluster
PROVIDERS: dict[str, type[AnyCluster]] = {"aws": AwsCluster, "gcp": GcpCluster, "hosts": HostsCluster}
