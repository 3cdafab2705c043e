"""What a user can set about the data: how it is built, and how it is read."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MIN_SIZE, MAX_SIZE = 16, 1024

Size = Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]
Normalisation = Literal["ab110", "ab128"]
"""Names of colour.AB_SCALES, here because importing that needs torch."""


def _fraction_or_count(value: float) -> float:
    if value == 1 or (value > 1 and value != int(value)):
        raise ValueError("is neither a fraction below 1 nor a number of photos from 2 on")
    return value


Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_fraction_or_count)]
"""Below 1 a fraction of the photos, otherwise a number of photos; 1 could be either, and is refused."""


class Rules(BaseModel):
    """Which photos are worth learning from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_aspect: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3.0
    """Longer side over shorter side: of a longer photo, the centre square would show too little."""
    min_side: Annotated[int, Field(ge=1)] = 32
    """Pixels of the shorter side."""
    gray_tolerance: Annotated[int, Field(ge=0, le=255)] = 8
    """Levels of 255 by which R, G and B may differ in a gray photo: what JPEG's rounding of chroma leaves."""
    drop_leaks: bool = False
    """Where the source's own splits share photos, drop the copies from training; otherwise that is an error."""


class BuildOptions(BaseModel):
    """What decides the content of the .beton files; kept in each manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Size = 256
    """Pixels: the shorter side is resized to it, then the centre square is cut out."""
    classes: tuple[str, ...] = ()
    """The only classes to take, by name; none: all."""
    pool: bool = False
    """Divide all photos anew, whatever splits the source has."""
    subset: Annotated[Amount, Field(gt=0)] | None = None
    """How many of the photos to divide are drawn first, class by class; the source's own val and test stay whole."""
    val: Amount | None = None
    """Photos for validation. None: the source's own, or else a tenth."""
    test: Amount | None = None
    """Photos for testing. None: the source's own, or else none."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Decides which photos are drawn, and where each one goes."""
    rules: Rules = Rules()
    quality: Annotated[int, Field(ge=50, le=100)] | None = 95
    """JPEG quality, always with full chroma resolution (4:4:4); None stores the pixels as they are."""


FILES = ("train", "val", "unlabelled", "test")
"""The fields of a DataConfig that name .beton files."""


class DataConfig(BaseModel):
    """Which photos a trial trains and validates on, and how it reads them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    train: Path
    val: Path
    unlabelled: Path | None = None
    """More photos to train on. Their labels, if any, are not used: they may be of other classes."""
    unlabelled_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Of each training batch, what comes from `unlabelled`. An epoch is one pass over `train` all the same."""
    test: Path | None = None
    """Photos that no trial is trained on or chosen by: `huetune sweep finalists` measures the best on them, once."""
    batch_size: Annotated[int, Field(ge=1)] = 16
    image_size: Size | None = None
    """Pixels; None: as stored. A smaller one is made by averaging."""
    normalisation: Normalisation = "ab110"
    """Of ab: `ab110` divides by 110; `ab128` positive values by 127 and negative ones by 128."""
    crop: Size | None = None
    """Pixels of a random square cut out of each training photo; validation sees whole photos. None: whole ones too."""
    flip: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability of a horizontal flip in training."""
    num_workers: Annotated[int, Field(ge=1)] = 1
    """Decoding threads of each loader."""

    @property
    def files(self) -> dict[str, Path]:
        """The .beton files by their field."""
        files = {"train": self.train, "val": self.val, "unlabelled": self.unlabelled, "test": self.test}
        return {name: path for name, path in files.items() if path is not None}

    @property
    def training_files(self) -> dict[str, Path]:
        """Those that a training reads: all but the photos of the test."""
        return {name: path for name, path in self.files.items() if name != "test"}

    @property
    def num_unlabelled(self) -> int:
        """Photos of a training batch that come from `unlabelled`: at least one, and at least one that does not."""
        if not self.unlabelled_share:
            return 0
        return min(max(round(self.unlabelled_share * self.batch_size), 1), self.batch_size - 1)

    @model_validator(mode="after")
    def _share_is_possible(self) -> Self:
        if not self.unlabelled_share:
            return self
        if self.unlabelled is None:
            raise ValueError(
                f"unlabelled_share is {self.unlabelled_share}, but there is no file `unlabelled` to take photos from"
            )
        if self.batch_size == 1:
            raise ValueError("unlabelled_share mixes photos in each batch, and batch_size is 1; raise it")
        return self

    @model_validator(mode="after")
    def _crop_is_a_part(self) -> Self:
        if self.crop is not None and self.image_size is not None and self.crop > self.image_size:
            raise ValueError(f"crop is {self.crop}, more than image_size, {self.image_size}; lower it")
        return self
