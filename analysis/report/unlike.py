"""In what two sweeps differ that are looked at beside each other, apart from what they searched."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from analysis.display import listed, val_count, value_text
from analysis.published.protocol import length_text, photos_text
from analysis.report.section import Compared
from search.records import SweepRecord, Trial

MAX_VALUES = 3
"""Of one sweep that are named."""


def unlike(one: Compared, other: Compared) -> dict[str, tuple[str, str]]:
    """Both values of each thing that differs, such as `30 epochs` and `15 epochs` of the training length.

    Read from the records of the ranked trials.
    """
    found = [
        (label, *(_of_ranked(side, of) for side in (one, other)))
        for label, of in _OF_TRIALS.items()
        if one.ranking.ranked and other.ranking.ranked
    ]
    found += [(label, *(_photos(side.sweep.record, part) for side in (one, other))) for label, part in _PHOTOS.items()]
    found += [(label, *(_of_spec(side.sweep.record, path) for side in (one, other))) for label, path in _SPEC.items()]
    return {label: (first, second) for label, first, second in found if first != second}


def _of_ranked(side: Compared, of: Callable[[Trial, SweepRecord], str]) -> str:
    """The values of the ranked trials, the most frequent first; of equally frequent ones in their order as text."""
    counts = Counter(of(one.trial, side.sweep.record) for one in side.ranking.ranked)
    values = sorted(counts, key=lambda value: (-counts[value], value))
    more = len(values) - MAX_VALUES
    return listed([*values[:MAX_VALUES], f"{more} more"] if more > 0 else values)


def _photos(record: SweepRecord, part: str) -> str:
    """A file by its content: paths alone say nothing."""
    facts = record.data.get(part, {})
    digest = str(facts.get("sha256", ""))
    return f"{photos_text(facts)}, SHA-256 {digest[:8]}" if digest else "not recorded"


def _of_spec(record: SweepRecord, path: tuple[str, str]) -> str:
    section, name = path
    inner = record.spec.get(section)
    return value_text(inner.get(name)) if isinstance(inner, Mapping) else "not recorded"


def _setting(section: str, name: str) -> Callable[[Trial, SweepRecord], str]:
    def of(trial: Trial, _: SweepRecord) -> str:
        inner: Any = trial.config.get(section)
        return value_text(inner.get(name)) if isinstance(inner, Mapping) else "not recorded"

    return of


def _photo_side(trial: Trial, record: SweepRecord) -> str:
    side = trial.config.get("data", {}).get("image_size") or val_count(record, "size")
    return f"{side} px" if side else "as stored"


def _num_costly(trial: Trial, record: SweepRecord) -> str:
    count = trial.state.fid_images or val_count(record, "fid_images")
    return f"{count:,}" if count else "not recorded"


_OF_TRIALS: dict[str, Callable[[Trial, SweepRecord], str]] = {
    "training length": lambda trial, _: length_text(trial.config),
    "batch size": _setting("data", "batch_size"),
    "side of the photos": _photo_side,
    "N of FID, KID and LPIPS": _num_costly,
    "seed of the trainings": lambda trial, _: value_text(trial.config.get("seed", "not recorded")),
}
_PHOTOS = {"training photos": "train", "validation photos": "val"}
_SPEC = {"sampler": ("search", "sampler"), "pruning": ("pruning", "kind")}
