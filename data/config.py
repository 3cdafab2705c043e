"""What a user can set about the data: how it is built, and how it is read."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MIN_SIZE, MAX_SIZE = 16, 1024

Size = Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class BuildOptions(BaseModel):
    """What decides the content of the .beton files; kept in each manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Size = 256
    """Pixels: the shorter side is resized to it, then the centre square is cut out."""
    val: Fraction = 0.1
    test: Fraction = 0.0
    seed: Annotated[int, Field(ge=0)] = 0
    quality: Annotated[int, Field(ge=50, le=100)] | None = 95
    """JPEG quality, always with full chroma resolution (4:4:4); None stores the pixels as they are."""

    @model_validator(mode="after")
    def _some_left_to_train_on(self) -> Self:
        if self.val + self.test >= 1:
            raise ValueError(
                f"val and test together must stay below 1 to leave photos for training, got {self.val} and {self.test}"
            )
        return self


class DataConfig(BaseModel):
    """Which photos a trial trains and validates on, and how it reads them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: Path
    val: Path
    batch_size: Annotated[int, Field(ge=1)] = 16
    image_size: Size | None = None
    """Pixels; None: as stored. A smaller one is resized on the device, antialiased."""
    flip: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability of a horizontal flip in training."""
    num_workers: Annotated[int, Field(ge=1)] = 1
    """Decoding threads of each loader."""
