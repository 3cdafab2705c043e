"""What a published table is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from models.config.evaluation import MetricSpace


class Item(Enum):
    """What two tables must have in common before their values compare; in the order in which readers ask."""

    TRAINED_ON = "Trained on"
    MEASURED_ON = "Measured on"
    PHOTO_SIDE = "Side of the photos"
    NUM_COSTLY = "N of FID and LPIPS"
    METRIC_SPACE = "Metrics see"
    MODE = "Generator while it is measured"
    FID_NETWORK = "Network of FID"
    LPIPS_NETWORK = "Network of LPIPS"
    CLASSIFIER = "Classifier"
    LENGTH = "Training"
    BATCH = "Batch"


Mode = Literal["eval", "eval with dropout", "train"]
SPACES: dict[MetricSpace, str] = {
    "rgb": "sRGB",
    "lab01": "L, a and b, brought to 0..1, as if they were R, G and B",
}
MODES: dict[Mode, str] = {
    "eval": "evaluation mode",
    "eval with dropout": "evaluation mode, but with dropout",
    "train": "training mode: dropout, and the statistics of each batch",
}
FID_NETWORK = "Inception-v3 of 2015-12-05 (torch-fidelity), 2048 features"
NOT_SAID = "not said"


@dataclass(frozen=True)
class Paper:
    title: str
    authors: str


@dataclass(frozen=True)
class Column:
    """A column of measured values."""

    heading: str
    """As printed."""
    measure: str
    """Our metric or detail of the same name and meaning."""
    decimals: int
    """As printed."""
    scale: float = 1.0
    """What we multiply our values by to have the paper's unit."""

    def text(self, value: float) -> str:
        """A value in the paper's unit as the paper prints it."""
        return f"{value:.{self.decimals}f}"


@dataclass(frozen=True)
class Row:
    labels: tuple[str, ...]
    values: tuple[float, ...]
    """One for each column, in the paper's units."""
    presets: tuple[str, ...] = ()
    """Whose recipe it is. Two presets: each measures a part of the columns."""


@dataclass(frozen=True)
class PublishedTable:
    """A table as its paper has it, with the protocol by which it was measured."""

    paper: Paper
    caption: str
    label_headings: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    protocol: Mapping[Item, str]
    """What matters to its columns, as far as the paper or its code says."""
    remarks: tuple[str, ...]
    """Whole sentences: what a reader must know before comparing."""
    phase: str = ""
    """The phase of the preset whose last evaluation it is about. Empty: the last one."""

    @property
    def presets(self) -> tuple[str, ...]:
        """Of all rows, each once."""
        return tuple(dict.fromkeys(preset for row in self.rows for preset in row.presets))
