"""Per-task early stopping on hand-made series."""

import math

import pytest

from models.config.section import Task
from models.config.trial import TrialConfig
from models.training.early_stopping import PerTaskEarlyStopping, tcdcn_criterion

BOTH: tuple[Task, ...] = ("colorization", "classification")


def stopping(colorization: dict[str, object], classification: dict[str, object]) -> PerTaskEarlyStopping:
    config = {
        "data": {"train": "train.beton", "val": "val.beton"},
        "loss": {"l1": 10, "classification": 2},
        "early_stopping": {"colorization": colorization, "classification": classification},
    }
    return PerTaskEarlyStopping(TrialConfig.model_validate(config))


def update(monitors: PerTaskEarlyStopping, metrics: dict[str, float]) -> set[Task]:
    return monitors.update(BOTH, metrics, {}, {})


def test_each_task_stops_on_its_own_metric():
    monitors = stopping({"patience": 2}, {"patience": 2})
    for l1, accuracy in [(0.2, 0.5), (0.1, 0.4), (0.09, 0.4)]:
        update(monitors, {"l1": l1, "accuracy": accuracy})
    assert monitors.stopped == ("classification",)
    assert not monitors.all_stopped
    for l1 in (0.09, 0.10):
        update(monitors, {"l1": l1, "accuracy": 0.9})
    assert monitors.all_stopped


def test_update_names_the_tasks_at_their_best():
    monitors = stopping({}, {})
    assert update(monitors, {"l1": 0.2, "accuracy": 0.5}) == {"colorization", "classification"}
    assert update(monitors, {"l1": 0.3, "accuracy": 0.6}) == {"classification"}
    assert update(monitors, {"l1": 0.1, "accuracy": 0.6}) == {"colorization"}


def test_gain_below_min_delta_is_none():
    monitors = stopping({"patience": 1, "min_delta": 0.05}, {})
    update(monitors, {"l1": 0.20, "accuracy": 0.5})
    update(monitors, {"l1": 0.16, "accuracy": 0.5})
    assert monitors.stopped == ("colorization",)


def test_gain_below_min_delta_is_the_best_all_the_same():
    monitors = stopping({"patience": 3, "min_delta": 0.05}, {})
    found = [update(monitors, {"l1": l1, "accuracy": 0.5}) for l1 in (0.20, 0.18, 0.16, 0.17)]
    assert ["colorization" in improved for improved in found] == [True, True, True, False]
    assert monitors.stopped == ("colorization",)  # 0.16 is not 0.05 below 0.20


def test_without_patience_a_task_never_stops():
    monitors = stopping({}, {})
    for _ in range(50):
        update(monitors, {"l1": 1.0, "accuracy": 0.0})
    assert monitors.stopped == ()


def test_action_decides_between_frozen_and_detached():
    monitors = stopping({"patience": 1, "action": "freeze"}, {"patience": 1, "action": "detach"})
    for _ in range(2):
        update(monitors, {"l1": 0.2, "accuracy": 0.5})
    assert (monitors.frozen("colorization"), monitors.detached("colorization")) == (True, False)
    assert (monitors.frozen("classification"), monitors.detached("classification")) == (False, True)


def test_state_goes_through_a_checkpoint():
    first = stopping({"patience": 3}, {"patience": 1})
    for accuracy in (0.5, 0.4):
        update(first, {"l1": 0.2, "accuracy": accuracy})
    second = stopping({"patience": 3}, {"patience": 1})
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    assert second.stopped == ("classification",)


def test_evaluation_without_the_metric_changes_nothing():
    monitors = stopping({"metric": "fid", "patience": 1}, {})
    assert update(monitors, {"fid": 30.0, "accuracy": 0.5}) == set(BOTH)
    assert update(monitors, {"accuracy": 0.5}) == set()
    assert monitors.stopped == ()
    update(monitors, {"fid": 31.0, "accuracy": 0.5})
    assert monitors.stopped == ("colorization",)


def test_task_that_is_not_learning_is_not_judged():
    monitors = stopping({"patience": 1}, {"patience": 1})
    for _ in range(3):
        monitors.update(["colorization"], {"l1": 0.2, "accuracy": 0.5}, {}, {})
    assert monitors.stopped == ("colorization",)


def test_tcdcn_criterion_is_the_papers_formula():
    training, validation, k, importance = [5.0, 3.0, 2.0, 1.0, 0.9, 0.8], 1.6, 4, 2.0
    # The last five: median 1.0, sum 7.7; lowest 0.8.
    expected = (k * 1.0) / (7.7 - k * 1.0) * (1.6 - 0.8) / (importance * 0.8)
    assert tcdcn_criterion(training, validation, k, importance) == pytest.approx(expected)


def test_tcdcn_has_no_trend_before_its_window_is_full_nor_across_a_jump():
    assert tcdcn_criterion([1.0] * 4, 9.0, window=4, importance=1) == -math.inf
    assert tcdcn_criterion([1.0] * 5, 9.0, window=4, importance=1) == pytest.approx(4 * 8)
    assert tcdcn_criterion([1.0, 1.0, 1.0, 0.1, 0.1], 9.0, window=4, importance=1) == -math.inf


def test_tcdcn_stops_the_task_that_overfits_by_its_weighted_errors():
    monitors = stopping({"criterion": "tcdcn", "window": 3}, {"criterion": "tcdcn", "window": 3})
    for _ in range(4):
        losses = {"l1": 0.1, "classification": 0.1}
        val_losses = {"l1": 0.101, "classification": 0.5}
        monitors.update(BOTH, {"l1": 0.1, "accuracy": 0.5}, losses | {"adversarial": 9.0}, val_losses)
    assert monitors.stopped == ("classification",)


def test_tcdcn_waits_while_the_task_has_no_losses():
    monitors = stopping({"criterion": "tcdcn", "window": 3}, {"criterion": "tcdcn", "window": 3})
    for number in range(8):
        losses = {"classification": 0.1} if number % 2 else {}  # every other stretch ends before a generator step
        monitors.update(BOTH, {"l1": 0.1, "accuracy": 0.5}, losses, {"l1": 0.1, "classification": 0.5})
    assert monitors.stopped == ("classification",)
