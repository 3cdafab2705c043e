"""What a model card says of how good a model is: each value with the photos behind it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from analysis.display import LABELS, better, metric_text
from models.evaluation import OF_LABELS, num_behind
from search.records import Sweep, Trial

_WAYS = {"min": "lower", "max": "higher", "": ""}


@dataclass(frozen=True)
class Measured:
    """Values of a model on one file of photos."""

    split: str
    file: str
    sha256: str
    metrics: dict[str, float]
    num_photos: int
    num_labelled: int | None
    """None: they were not counted."""
    num_costly: int
    """N of FID and the other costly metrics: the first photos of the file."""

    def num_of(self, name: str) -> int:
        """Photos behind a value, at most."""
        num_labelled = self.num_photos if self.num_labelled is None else self.num_labelled
        return num_behind(name, num_photos=self.num_photos, num_labelled=num_labelled, num_costly=self.num_costly)

    def num_text(self, name: str) -> str:
        """The same in words."""
        uncounted = name in OF_LABELS and self.num_labelled is None
        return f"{'labelled of ' if uncounted else ''}{self.num_of(name):,}"

    def rows(self, objectives: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
        """Name, value, which way is better, and of how many photos."""
        for name, value in self.metrics.items():
            way = _WAYS[better(name, objectives)]
            yield LABELS.get(name, name), metric_text(name, value), way, self.num_text(name)

    def result(self, task: str) -> dict[str, Any]:
        """An entry of the Hub's model-index."""
        return {
            "task": {"type": task},
            "dataset": {
                "type": "beton",
                "name": PurePath(self.file).name,
                "split": self.split,
                "args": {"sha256": self.sha256, "num_photos": self.num_photos},
            },
            "metrics": [
                {"type": name, "name": LABELS.get(name, name), "value": value, "args": {"n": self.num_of(name)}}
                for name, value in self.metrics.items()
                if math.isfinite(value)
            ],
        }


def measured(sweep: Sweep, trial: Trial) -> list[Measured]:
    """On the validation photos, if the trial has been evaluated, and on those of the test, if it has been tested."""
    found = []
    val = sweep.record.data.get("val", {})
    if trial.final:
        found.append(
            Measured(
                split="val",
                file=val.get("file", ""),
                sha256=val.get("sha256", ""),
                metrics=trial.final.metrics,
                num_photos=val.get("num_samples", 0),
                num_labelled=val.get("num_labelled"),
                num_costly=trial.state.fid_images or val.get("fid_images", 0),
            )
        )
    if tested := trial.tested:
        found.append(
            Measured(
                split="test",
                file=tested.file,
                sha256=tested.sha256,
                metrics=tested.metrics,
                num_photos=tested.num_photos,
                num_labelled=tested.num_labelled,
                num_costly=tested.num_costly,
            )
        )
    return found
