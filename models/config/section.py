"""What the sections of a configuration have in common."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Task = Literal["colorization", "classification"]
Part = Literal["generator", "encoder", "decoder", "head", "discriminator"]
"""What a phase can train; `generator` stands for encoder, decoder and head."""
OWN_PART: dict[Task, Part] = {"colorization": "decoder", "classification": "head"}
"""What only this task uses. The encoder serves both."""


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError(f"there is no such home folder: give {path} without the ~") from None


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
WeightsFile = AbsolutePath
"""Absolute, since a worker of a cluster has another working directory."""


class Section(BaseModel):
    """A section is never changed, and an unknown key in it is an error."""

    # Infinity would become null in every record.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
