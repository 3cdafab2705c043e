"""The Slurm cluster that a sweep is to run on, as a user describes it."""

import math
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from models.config.section import AbsolutePath, Section

_WORD = re.compile(r"[^\s'\"\\#]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"token|password|passwd|secret|credential|_key", re.IGNORECASE)
_MAX_SOCKET_PATH = 107
"""Characters that Linux allows; the last part is Ray's own."""
_RAY_SOCKET = "/ht-1234567890-XXXX/r/session_2026-01-01_00-00-00_000000_1234567/sockets/dash_MetricsHead"
_SIGNAL_MAY_BE_EARLY_S = 60


def _one_word(value: str) -> str:
    if not _WORD.fullmatch(value):
        raise ValueError("must be one word without quotes, \\ and #: it stands in a line of #SBATCH")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of printable characters")
    return value


Word = Annotated[str, AfterValidator(_one_word)]
Line = Annotated[str, AfterValidator(_one_line)]


class SlurmCluster(Section):
    nodes: int = Field(ge=1)
    cpus: int = Field(ge=1)
    """On each node."""
    gpus: int = Field(0, ge=0)
    """On each node."""
    gpu_type: Word | None = None
    """As in --gres=gpu:TYPE:4."""
    memory_gib: int | None = Field(None, ge=1)
    """On each node. None: the partition's default."""
    hours: float = Field(gt=0)
    """Of one job: a sweep that takes longer is put back into the queue before they are over, and goes on."""
    account: Word | None = None
    partition: Word | None = None
    qos: Word | None = None
    constraint: Word | None = None
    exclude: Word | None = None
    """Nodes not to take, such as `node[07,12]`."""
    directives: tuple[Line, ...] = ()
    """Further options of sbatch, such as `--exclusive`; one that we give ourselves is overruled."""

    folder: AbsolutePath = Field(Path("~/huetune/slurm"), validate_default=True)
    """All nodes see it: job files, logs and, while a job runs, the token of its Ray cluster in mode 600."""
    setup: tuple[Line, ...] = ()
    """Lines of bash that come first on the first node; the others inherit the environment."""
    venv: AbsolutePath | None = None
    """Where huetune is installed. None: as the one that submits."""
    container: tuple[Line, ...] = ()
    """Words before each command of huetune and Ray, such as [apptainer, exec, --nv, huetune.sif]; then without venv."""
    environment: dict[str, Line] = Field(default_factory=dict)
    """Variables of the driver, of Ray and of all trials."""
    interface: Word | None = None
    """The network that the nodes talk over, such as ib0. None: the one that Slurm knows them by."""
    temp: PurePosixPath = PurePosixPath("/tmp")  # noqa: S108 - a folder of its own is made there, closed to others
    """Disk of the node's own, for Ray."""

    stop_s: int = Field(180, ge=30)
    """Before its time is over a job is told to stop; trials go on later from their last checkpoint."""
    max_requeues: int = Field(100, ge=0)

    @property
    def minutes(self) -> int:
        return math.ceil(self.hours * 60)

    @field_validator("folder")
    @classmethod
    def _folder_is_one_word(cls, folder: Path) -> Path:
        if not _WORD.fullmatch(str(folder)) or "%" in str(folder):
            raise ValueError(f"{folder} has blanks, quotes, \\, # or %, which sbatch does not take: give another")
        return folder

    @field_validator("temp")
    @classmethod
    def _sockets_fit(cls, temp: PurePosixPath) -> PurePosixPath:
        room = _MAX_SOCKET_PATH - len(_RAY_SOCKET)
        if not temp.is_absolute() or len(str(temp)) > room or not _WORD.fullmatch(str(temp)):
            raise ValueError(f"must be an absolute path of at most {room} characters: Ray's sockets lie below it")
        return temp

    @field_validator("directives")
    @classmethod
    def _directives_are_options(cls, directives: tuple[str, ...]) -> tuple[str, ...]:
        for directive in directives:
            if not directive.startswith("-"):
                raise ValueError(f"{directive!r} is no option: give options of sbatch as they are typed, with --")
        return directives

    @field_validator("environment")
    @classmethod
    def _environment_is_public(cls, environment: dict[str, str]) -> dict[str, str]:
        for name in environment:
            if not _VARIABLE.fullmatch(name):
                raise ValueError(f"{name!r} is no variable's name")
            if _SECRET.search(name):
                raise ValueError(f"{name} would lie in a file that others may read: let a line of setup read it")
        return environment

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.gpu_type and not self.gpus:
            raise ValueError("gpu_type is given without gpus: say how many")
        if self.container and self.venv:
            raise ValueError("venv is not read where there is a container: remove one of them")
        if self.minutes * 60 <= self.stop_s + _SIGNAL_MAY_BE_EARLY_S:
            raise ValueError(
                f"hours: {self.minutes} minutes leave no time to work, since the stop comes {self.stop_s} s before "
                f"their end, and up to {_SIGNAL_MAY_BE_EARLY_S} s earlier: give more hours, or a smaller stop_s"
            )
        return self
