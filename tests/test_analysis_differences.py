from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, ttest_ind, tukey_hsd, wilcoxon

from analysis.certainty.differences import (
    dominance_of_groups,
    dominance_of_pairs,
    holm,
    of_groups,
    of_means,
    of_pairs,
)
from analysis.certainty.intervals import Interval

# Depression before and after, and permeability of membranes: Hollander and Wolfe 1973, tables 3.1 and 4.1.
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
AT_TERM = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
EARLY = np.array([1.15, 0.88, 0.90, 0.74, 1.21])


def test_pairs_as_in_the_textbook():
    found = of_pairs(BEFORE, AFTER)

    assert found.estimate == pytest.approx(0.46)
    assert found.p == pytest.approx(0.0390625)
    assert found.interval == Interval(pytest.approx(0.010), pytest.approx(0.786))
    assert found.told_apart
    assert dominance_of_pairs(BEFORE, AFTER) == pytest.approx((7 - 2) / 9)


def test_groups_as_in_the_textbook():
    found = of_groups(AT_TERM, EARLY)

    assert found.estimate == pytest.approx(0.305)
    assert found.p == pytest.approx(0.2544122544)
    assert found.interval == Interval(pytest.approx(-0.15), pytest.approx(0.76))
    assert not found.told_apart
    signs = [np.sign(one - other) for one, other in product(AT_TERM, EARLY)]
    assert dominance_of_groups(AT_TERM, EARLY) == pytest.approx(np.mean(signs))


@pytest.mark.parametrize("seed", range(5))
def test_intervals_are_what_the_tests_do_not_reject(seed: int):
    random = np.random.default_rng(seed)
    first, second = random.normal(size=9), random.normal(1, 2, size=9)
    gains = first - second
    pairs, groups = of_pairs(first, second).interval, of_groups(first, second).interval
    assert pairs is not None
    assert groups is not None

    for inside, outside in ((pairs.low + 1e-9, pairs.low - 1e-9), (pairs.high - 1e-9, pairs.high + 1e-9)):
        assert wilcoxon(gains - inside).pvalue > 0.05 >= wilcoxon(gains - outside).pvalue
    for inside, outside in ((groups.low + 1e-9, groups.low - 1e-9), (groups.high - 1e-9, groups.high + 1e-9)):
        assert mannwhitneyu(first - inside, second).pvalue > 0.05 >= mannwhitneyu(first - outside, second).pvalue


def test_too_few_values_have_no_interval():
    assert of_pairs(np.arange(5) + 1.0, np.zeros(5)).interval is None  # p is 2/32 at best
    assert of_pairs(np.arange(6) + 1.0, np.zeros(6)).interval == Interval(1.0, 6.0)  # 2/64
    assert of_groups(np.arange(3) + 9.0, np.arange(3)).interval is None


def test_differences_that_do_not_vary():
    assert of_pairs(np.ones(8), np.zeros(8)).interval == Interval(1.0, 1.0)
    same = of_pairs(np.ones(8), np.ones(8))
    assert (same.estimate, same.p, same.told_apart) == (0.0, 1.0, False)


def test_large_groups_are_thinned_without_harm():
    random = np.random.default_rng(0)
    first, second = random.normal(0.5, 1, 3000), random.normal(0, 1, 3000)

    found = of_groups(first, second)

    assert found.estimate == pytest.approx(np.median(np.subtract.outer(first, second)), abs=1e-3)
    assert found.p == mannwhitneyu(first, second).pvalue


def test_two_means_are_compared_by_welch():
    first, second = [20.1, 20.5, 19.9], [21.0, 23.5, 22.1]
    welch = ttest_ind(first, second, equal_var=False)

    found = of_means(first, second)

    assert found.estimate == pytest.approx(20.1666667 - 22.2)
    assert found.p == pytest.approx(welch.pvalue)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(welch.confidence_interval()), rel=1e-6)


def test_several_means_are_compared_at_once():
    samples = [[20.1, 20.5, 19.9], [21.0, 23.5, 22.1], [19.0, 19.5, 21.0, 20.0]]
    expected = tukey_hsd(*samples, equal_var=False)  # Games and Howell

    for one, other in combinations(range(3), 2):
        assert of_means(samples[one], samples[other], 3).p == pytest.approx(expected.pvalue[one, other])


def test_means_without_spread_are_not_told_apart():
    found = of_means([0.8, 0.8], [0.7, 0.7])
    assert (found.interval, found.p, found.told_apart) == (None, 1.0, False)


def test_holm_corrects_step_by_step():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
