import math

import pytest
from recorded_sweeps import NOON
from scipy.stats import binomtest, t

from analysis.certainty.bounds import possible, possible_difference
from analysis.certainty.intervals import (
    Interval,
    num_tested,
    num_validated,
    of_difference,
    of_one_run,
    student,
    wilson,
)
from search import records


@pytest.mark.parametrize(("hits", "num_photos"), [(212, 250), (0, 30), (30, 30), (1, 2), (11_000, 23_797)])
def test_wilson_is_scipys(hits: int, num_photos: int):
    expected = binomtest(hits, num_photos).proportion_ci(0.95, method="wilson")

    found = wilson(hits / num_photos, num_photos)

    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_takes_a_rounded_share_for_its_count():
    assert wilson(0.848000049, 250) == wilson(212 / 250, 250)


def test_students_interval_is_scipys():
    low, high = t.interval(0.95, 2, loc=2.0, scale=1 / math.sqrt(3))

    assert student([1.0, 2.0, 3.0]) == Interval(pytest.approx(low), pytest.approx(high))
    assert student([1.0]) is None


def test_the_interval_of_a_difference_is_newcombes():
    found = of_difference(56 / 70, wilson(56 / 70, 70), 48 / 80, wilson(48 / 80, 80))

    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)  # Newcombe 1998, table II, method 10


def test_one_run_has_an_interval_of_shares_and_of_kid_alone():
    metrics, details = {"accuracy": 0.8, "fid": 20.0, "kid": 0.02}, {"kid_low": 0.01, "kid_high": 0.03}

    assert of_one_run("accuracy", metrics, details, 400) == wilson(0.8, 400)
    assert of_one_run("accuracy", metrics, details, None) is None
    assert of_one_run("kid", metrics, details, None) == Interval(0.01, 0.03)
    assert of_one_run("kid", metrics, {"kid_low": math.nan, "kid_high": math.nan}, 3) is None
    assert of_one_run("fid", metrics, details, 400) is None
    assert of_one_run("accuracy", {"accuracy": math.nan}, {}, 400) is None


def test_each_metric_has_its_own_number_of_photos():
    val = {"num_samples": 280, "num_labelled": 250, "fid_images": 64}
    record = records.SweepRecord(
        name="s", objectives={"fid": "min"}, spec={}, created=NOON, command="", versions={}, data={"val": val}
    )
    tested = records.Tested(metrics={}, file="t", sha256="0", num_photos=500, num_labelled=400, num_costly=150)

    assert [num_validated(name, record) for name in ("fid", "accuracy", "psnr")] == [64, 250, 280]
    assert [num_tested(name, tested) for name in ("fid", "accuracy", "psnr")] == [150, 400, 500]


def test_photos_whose_labels_were_not_counted_all_have_one():
    record = records.SweepRecord(
        name="s", objectives={}, spec={}, created=NOON, command="", versions={}, data={"val": {"num_samples": 280}}
    )
    assert num_validated("accuracy", record) == 280
    assert num_validated("fid", record) is None


def test_intervals_keep_to_what_a_metric_can_be():
    wide = Interval(-5.0, 7.0)
    assert possible("accuracy", wide) == Interval(0.0, 1.0)
    assert possible("fid", wide) == Interval(0.0, 7.0)
    assert possible("ssim", wide) == Interval(-1.0, 1.0)
    assert possible("kid", wide) == possible("psnr", wide) == wide
    assert possible_difference("accuracy", wide) == Interval(-1.0, 1.0)
    assert possible_difference("fid", wide) == wide
