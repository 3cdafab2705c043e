"""How metrics, parameters and durations are written for people."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from models.evaluation import DIRECTIONS
from search.records import SweepRecord

LABELS = {
    "fid": "FID",
    "kid": "KID",
    "lpips": "LPIPS",
    "macro_f1": "macro F1",
    "teacher_agreement": "teacher agreement",
    "l1": "L1",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "auc": "AuC",
    "auc_rebalanced": "AuC, rebalanced",
    "colourfulness_distance": "colourfulness distance",
    "classifier_top1": "classifier top-1",
    "classifier_agreement": "classifier agreement",
}
_ENCODER = json.JSONEncoder(default=str, ensure_ascii=False)
SHARES = {"accuracy", "teacher_agreement", "classifier_top1", "classifier_agreement"}
"""Metrics that are written in per cent."""


def metric_label(name: str, record: SweepRecord) -> str:
    """A metric's name; that of a distance between sets of photos says of how many, since other N do not compare."""
    label = LABELS.get(name, name)
    if name not in ("fid", "kid"):
        return label
    num_images = val_count(record, "fid_images")
    return f"{label} (N = {num_images:,})" if num_images else f"{label} (N not recorded)"


def metric_title(name: str, record: SweepRecord) -> str:
    """A metric's label and which way is better."""
    way = {"min": ", lower is better", "max": ", higher is better", "": ""}[better(name, record.objectives)]
    return metric_label(name, record) + way


def val_count(record: SweepRecord, key: str) -> int | None:
    """A count of the validation data ("num_samples", "fid_images"), where the sweep recorded one."""
    count = record.data.get("val", {}).get(key)
    return count if isinstance(count, int) and count > 0 else None


def better(name: str, objectives: Mapping[str, str]) -> str:
    """Which way a metric is better: "min", "max" or, if nobody knows, ""."""
    return objectives[name] if name in objectives else DIRECTIONS.get(name, "")


def metric_text(name: str, value: float) -> str:
    """Shares in per cent, anything else to four digits, zeros at the end too: 60.70."""
    if name in SHARES and math.isfinite(value):
        return f"{100 * value:.1f} %"
    return f"{value:#.4g}".removesuffix(".")


def value_text(value: Any) -> str:
    """A searched value: numbers to four digits, words as they are, anything else as JSON."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else _ENCODER.encode(value)


def duration_text(seconds: float) -> str:
    """In the unit that leaves one or more digits before the point: 0.4 s, 86 s, 25 min, 1,204.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:,.1f} h"


def listed(words: Iterable[object]) -> str:
    """'1', '1 and 2', '1, 2 and 3'."""
    *head, last = map(str, words) if (words := tuple(words)) else ("",)
    return f"{', '.join(head)} and {last}" if head else last
