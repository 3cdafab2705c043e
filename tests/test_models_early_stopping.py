"""Per-task early stopping on hand-made series."""

from models.config import EarlyStoppingConfig
from models.early_stopping import PerTaskEarlyStopping

BOTH = ("colorization", "classification")


def stopping(colorization: dict[str, object], classification: dict[str, object]) -> PerTaskEarlyStopping:
    config = EarlyStoppingConfig.model_validate({"colorization": colorization, "classification": classification})
    return PerTaskEarlyStopping(config, BOTH)


def test_each_task_stops_on_its_own_metric():
    monitors = stopping({"patience": 2}, {"patience": 2})
    for l1, accuracy in [(0.2, 0.5), (0.1, 0.4), (0.09, 0.4)]:
        monitors.update({"l1": l1, "accuracy": accuracy})
    assert monitors.stopped == ("classification",)
    assert not monitors.all_stopped
    for l1 in (0.09, 0.10):
        monitors.update({"l1": l1, "accuracy": 0.9})
    assert monitors.all_stopped


def test_update_names_the_tasks_at_their_best():
    monitors = stopping({}, {})
    assert monitors.update({"l1": 0.2, "accuracy": 0.5}) == {"colorization", "classification"}
    assert monitors.update({"l1": 0.3, "accuracy": 0.6}) == {"classification"}
    assert monitors.update({"l1": 0.1, "accuracy": 0.6}) == {"colorization"}


def test_gain_below_min_delta_is_none():
    monitors = stopping({"patience": 1, "min_delta": 0.05}, {})
    monitors.update({"l1": 0.20, "accuracy": 0.5})
    monitors.update({"l1": 0.16, "accuracy": 0.5})
    assert monitors.stopped == ("colorization",)


def test_without_patience_a_task_never_stops():
    monitors = stopping({}, {})
    for _ in range(50):
        monitors.update({"l1": 1.0, "accuracy": 0.0})
    assert monitors.stopped == ()


def test_action_decides_between_frozen_and_detached():
    monitors = stopping({"patience": 1, "action": "freeze"}, {"patience": 1, "action": "detach"})
    for _ in range(2):
        monitors.update({"l1": 0.2, "accuracy": 0.5})
    assert (monitors.frozen("colorization"), monitors.detached("colorization")) == (True, False)
    assert (monitors.frozen("classification"), monitors.detached("classification")) == (False, True)


def test_state_goes_through_a_checkpoint():
    first = stopping({"patience": 3}, {"patience": 1})
    for accuracy in (0.5, 0.4):
        first.update({"l1": 0.2, "accuracy": accuracy})
    second = stopping({"patience": 3}, {"patience": 1})
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    assert second.stopped == ("classification",)
