"""The simulated sweeps of the benchmark, on curves small enough to follow by hand."""

from typing import Any

import numpy as np
import pytest
from benchmarks.curves import NUM_EPOCHS, SPACE, Curve, read_table
from benchmarks.epochs import COLOUR, TARGET, Search, compare
from benchmarks.simulation import Completion, distance, reference_point, shares, simulate

from search.spec.sweep_spec import SweepSpec, parse_spec

BOTH = {"l1": "min", "accuracy": "max"}


def spec_of(**pruning: Any) -> SweepSpec:
    return parse_spec(
        {
            "name": "table",
            "data": {"train": "train.beton", "val": "val.beton"},
            "objectives": BOTH,
            "base": {"evaluation": {"fid_images": 0}, "loss": {"classification": 1}, "epochs": 3},
            "space": {"loss.l1": {"log": [1, 100]}, "loss.weighting": ["fixed", "uncertainty"]},
            "search": {"sampler": "random", "trials": 10},
            "pruning": pruning,
        }
    )


def curve_of(number: int, l1: float, accuracy: float) -> Curve:
    """Three epochs of `number` seconds each, always the same metrics."""
    return Curve(
        number=number,
        params={"loss.l1": 10.0 * number, "loss.weighting": "fixed"},
        metrics={"l1": (l1,) * 3, "accuracy": (accuracy,) * 3},
        seconds=(number, 2 * number, 3 * number),
    )


TWO = [curve_of(1, l1=0.1, accuracy=0.2), curve_of(2, l1=0.3, accuracy=0.6)]


def test_distance_is_in_extents_of_the_space():
    space = spec_of(kind="none").parsed_space
    left, right = {"loss.l1": 1.0, "loss.weighting": "fixed"}, {"loss.l1": 10.0, "loss.weighting": "uncertainty"}
    assert distance(space, left, right) == pytest.approx(0.5 + 1)
    assert distance(space, right, right) == 0


def test_workers_report_in_the_order_of_their_seconds():
    """The trial of 3 × 1 s ends with the fourth epoch of all, the other, of 3 × 2 s, with the sixth."""
    found = list(simulate(TWO, spec_of(kind="none"), num_epochs=3, num_workers=2))
    assert [(one.num_epochs, one.metrics["l1"]) for one in found] == [(4, 0.1), (6, 0.3)]


def test_pruned_trials_cost_their_epochs_alone():
    """The best reports after 1, 2 and 3 s, and the next after 2 s, when it is pruned as the last one is after 3 s."""
    three = [*TWO, curve_of(3, l1=0.5, accuracy=0.1)]
    (best,) = simulate(three, spec_of(kind="asha", metric="l1", reduction=3), num_epochs=3, num_workers=3)
    assert (best.num_epochs, best.metrics["l1"]) == (4, 0.1)


def test_shares_are_of_what_all_curves_dominate():
    """The reference point is 10 % behind: (.32, -.16). The first dominates .22 × .04, the second .02 × .44."""
    ends = np.array([[0.1, -0.2], [0.3, -0.6]])
    assert reference_point(ends) == pytest.approx([0.32, -0.16])
    found = [Completion(3, TWO[1].at(3)), Completion(6, TWO[0].at(3))]
    whole = 0.22 * 0.04 + 0.02 * 0.44 - 0.02 * 0.04
    assert shares(found, TWO, BOTH) == pytest.approx([0.02 * 0.44 / whole, 1.0])


def test_epochs_to_a_share_and_share_after_epochs():
    found = Search([Completion(10, {}), Completion(25, {})], [0.5, 0.97])
    assert (found.epochs_to(TARGET), found.epochs_to(0.99)) == (25, None)
    assert [found.share_after(epochs) for epochs in (9, 10, 30)] == [0.0, 0.5, 0.97]


def test_recorded_table_is_whole_and_is_searched_in_every_way():
    origin, curves = read_table()
    assert (origin.num_epochs, origin.space) == (NUM_EPOCHS, SPACE)
    assert len(curves) >= 200
    assert all(curve.diverged or len(curve.seconds) == NUM_EPOCHS for curve in curves)
    assert all(len(values) == len(curve.seconds) for curve in curves for values in curve.metrics.values())
    for _, (sweep,) in compare(origin, curves[:40], COLOUR, grace=1, num_seeds=1, num_workers=4):
        assert sweep.shares == pytest.approx(sorted(sweep.shares))
        assert 0 <= sweep.shares[-1] <= 1
