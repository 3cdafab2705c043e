"""How far a measured value can be trusted: 95 % intervals, and of how many photos it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from scipy.stats import t

from analysis.display import SHARES, val_count
from models.evaluation import num_behind
from search.records import SweepRecord, Tested

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """Both ends belong to it."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson(share: float, num_photos: int) -> Interval:
    """Of a share of independent photos, such as an accuracy.

    Source: Wilson 1927; unlike p ± 1.96 √(p(1 − p)/n) it keeps its level for few photos and near 0 and 1.
    """
    share = round(share * num_photos) / num_photos
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    middle = share + z**2 / (2 * num_photos)
    reach = z * math.sqrt(share * (1 - share) / num_photos + (z / (2 * num_photos)) ** 2)
    scale = 1 + z**2 / num_photos
    return Interval(max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


def student(values: Sequence[float]) -> Interval | None:
    """Of the mean of independent values, by Student's t: mean ± t s/√n. None for fewer than two."""
    if len(values) < 2:
        return None
    reach = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return Interval(fmean(values) - reach, fmean(values) + reach)


def of_difference(first: float, of_first: Interval, second: float, of_second: Interval) -> Interval:
    """Of `first` − `second`, from the interval of each, taken as independent.

    Source: Zou and Donner 2008; from two Wilson intervals it is method 10 of Newcombe 1998.
    """
    low = math.hypot(first - of_first.low, of_second.high - second)
    high = math.hypot(of_first.high - first, second - of_second.low)
    return Interval(first - second - low, first - second + high)


def of_one_run(
    name: str, metrics: Mapping[str, float], details: Mapping[str, float], num_photos: int | None
) -> Interval | None:
    """What other photos of the same kind could have given: of shares and of KID. None: nobody knows.

    num_photos: behind this metric, as far as known.
    """
    if name == "kid":
        low, high = (details.get(end, math.nan) for end in ("kid_low", "kid_high"))
        return Interval(low, high) if math.isfinite(low) and math.isfinite(high) else None
    value = metrics.get(name, math.nan)
    return wilson(value, num_photos) if name in SHARES and num_photos and 0 <= value <= 1 else None


def num_validated(name: str, record: SweepRecord) -> int | None:
    """Validation photos behind a metric, at most; where their labels were not counted, all are taken to have one."""
    num_photos = val_count(record, "num_samples") or 0
    num_known = num_behind(
        name,
        num_photos=num_photos,
        num_labelled=val_count(record, "num_labelled") or num_photos,
        num_costly=val_count(record, "fid_images") or 0,
    )
    return num_known or None


def num_tested(name: str, tested: Tested) -> int:
    """Test photos behind a metric, at most."""
    return num_behind(
        name, num_photos=tested.num_photos, num_labelled=tested.num_labelled, num_costly=tested.num_costly
    )
