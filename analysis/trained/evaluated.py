"""What `huetune evaluate` found, and of how many photos each value is."""

from dataclasses import asdict, dataclass
from typing import Any

from models.evaluation import num_behind


@dataclass(frozen=True)
class Evaluated:
    metrics: dict[str, float]
    details: dict[str, float]
    """What is neither better high nor low."""
    num_photos: int
    num_labelled: int
    num_costly: int
    """Photos of the costly metrics, the first of the file."""
    metric_space: str
    """What image metrics saw."""
    eval_mode: str
    """Whether the generator was in evaluation mode."""

    @property
    def how(self) -> str:
        """What the values must have in common with others to compare."""
        return f"images as {self.metric_space}, generator in {self.eval_mode} mode"

    def num_of(self, name: str) -> int:
        """Photos behind a value, at most."""
        return num_behind(name, num_photos=self.num_photos, num_labelled=self.num_labelled, num_costly=self.num_costly)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
