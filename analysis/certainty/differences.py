"""How much two groups of values differ: an estimate, its 95 % interval and a test that go together."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, studentized_range, wilcoxon

from analysis.certainty.intervals import LEVEL, Interval

Values = NDArray[np.float64]
FEWEST_PAIRS = 6
"""Below, no outcome of the signed-rank test has p < 0.05: the smallest of 5 pairs is 2/32."""
FEWEST_EACH = 4
"""The same of the rank-sum test of two such groups: the smallest p of 3 and 3 is 2/20."""
MOST = 1000
"""Values of a group whose differences are looked at for the ends of an interval; of more, as many of even ranks."""


@dataclass(frozen=True)
class Difference:
    """Of the first group to the second: positive where the first is higher."""

    estimate: float
    interval: Interval | None
    """None: the groups are too small for one, or do not vary."""
    p: float | None
    """Of a difference at least as large, if there is none in truth. None: no test; 1 where the groups do not vary."""

    @property
    def told_apart(self) -> bool:
        return self.interval is not None and not self.interval.holds(0.0)


def of_means(first: Sequence[float], second: Sequence[float], num_groups: int = 2) -> Difference:
    """Of the means of two groups among `num_groups`, each of two values or more, whatever the spread of each.

    The interval and p hold for all pairs of the groups at once, so that the best may be picked out and compared.
    For two groups this is Welch's t test.

    Source: Games and Howell 1976.
    """
    estimate = fmean(first) - fmean(second)
    shares = [variance(group) / len(group) for group in (first, second)]
    if not any(shares):
        return Difference(estimate, None, 1.0)
    error = math.sqrt(sum(shares) / 2)
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(group) - 1) for share, group in zip(shares, (first, second), strict=True)
    )
    reach = error * float(studentized_range.ppf(LEVEL, num_groups, freedom))
    p = float(studentized_range.sf(abs(estimate) / error, num_groups, freedom))
    return Difference(estimate, Interval(estimate - reach, estimate + reach), p)


def of_pairs(first: Values, second: Values) -> Difference:
    """The Hodges-Lehmann shift of pairs (n,) and (n,), with Wilcoxon's signed-rank test and the interval from it.

    The shift is the median of the means of any two differences. One odd run does not upset it as it would a mean, and
    the interval is of the shifts that the test does not reject.
    Source: Hodges and Lehmann 1963; Hollander and Wolfe 1999, 3.2 and 3.3.
    """
    gains = _thinned(first - second)
    rows, columns = np.triu_indices(len(gains))
    shifts = (gains[rows] + gains[columns]) / 2
    estimate = float(np.median(shifts))

    def p_of(shift: float) -> float:
        rest = first - second - shift
        # With ties "auto" would try all signs, a third of a second each time; "exact" then rounds to the safe side.
        method = "exact" if len(rest) <= 50 else "asymptotic"
        return float(wilcoxon(rest, method=method).pvalue) if rest.any() else 1.0

    return Difference(estimate, _not_rejected(np.unique(shifts), estimate, p_of), p_of(0.0))


def of_groups(first: Values, second: Values) -> Difference:
    """The Hodges-Lehmann shift between independent groups (n,) and (m,), with the Mann-Whitney test and its interval.

    The shift is the median of all differences of a value of the first and one of the second.
    Source: Hodges and Lehmann 1963; Hollander and Wolfe 1999, 4.2 and 4.3.
    """
    shifts = np.subtract.outer(_thinned(first), _thinned(second)).ravel()
    estimate = float(np.median(shifts))

    def p_of(shift: float) -> float:
        return float(mannwhitneyu(first - shift, second).pvalue)

    return Difference(estimate, _not_rejected(np.unique(shifts), estimate, p_of), p_of(0.0))


def dominance_of_pairs(first: Values, second: Values) -> float:
    """Cliff's δ within pairs (n,) and (n,): the share of them in which the first is higher, less that of lower ones."""
    return float(np.sign(first - second).mean())


def dominance_of_groups(first: Values, second: Values) -> float:
    """Cliff's δ (1993): how often a value of the first (n,) is above one of the second (m,), less how often below."""
    return float(2 * mannwhitneyu(first, second).statistic / (len(first) * len(second)) - 1)


def holm(p: Sequence[float]) -> list[float]:
    """The values of p of several tests, corrected so that the chance of any false finding stays as said (Holm 1979)."""
    corrected = [0.0] * len(p)
    so_far = 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        so_far = max(so_far, min(1.0, (len(p) - rank) * p[index]))
        corrected[index] = so_far
    return corrected


def _thinned(values: Values) -> Values:
    ranks = np.linspace(0, len(values) - 1, min(len(values), MOST)).round().astype(int)
    thinned: Values = np.sort(values)[ranks]
    return thinned


def _not_rejected(shifts: Values, estimate: float, p_of: Callable[[float], float]) -> Interval | None:
    """The outermost of the sorted `shifts` around what a test at 5 % does not reject; None if no shift is rejected.

    p only changes at these shifts, rises up to the estimate and falls from there: it is asked for in the gaps, gap i
    lying below shift i.
    """
    ends = shifts[0] - 1.0, shifts[-1] + 1.0
    gaps = [ends[0], *((shifts[:-1] + shifts[1:]) / 2).tolist(), ends[1]]
    if max(map(p_of, ends)) > 1 - LEVEL:
        return None
    left = range(int(np.searchsorted(shifts, estimate, "left")) + 1)
    right = range(int(np.searchsorted(shifts, estimate, "right")), len(gaps))
    lowest = bisect_left(left, True, key=lambda gap: p_of(gaps[gap]) > 1 - LEVEL)
    beyond = right.start + bisect_left(right, True, key=lambda gap: p_of(gaps[gap]) <= 1 - LEVEL)
    return Interval(float(shifts[lowest - 1]), float(shifts[beyond - 1]))
