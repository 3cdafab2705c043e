"""Points that a person names: presets, values, and trials with changes."""

from typing import Any

import pytest

from search.errors import SpecError
from search.spec.points import checked_point, enqueued_points, like
from search.spec.sweep_spec import SweepSpec, parse_spec

ADVERSARIES: dict[str, Any] = {
    "loss.l1": {"log": [1, 300]},
    "loss.adversarial": ["bce", "wgan-gp"],
    "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
    "early_stopping.classification.patience": {"int": [2, 8]},
    "model.dropout": 0.25,
}


def with_adversaries(*enqueue: Any, **changes: Any) -> SweepSpec:
    sweep: dict[str, Any] = {
        "name": "adversaries",
        "data": {"train": "train.beton", "val": "val.beton"},
        "objectives": {"fid": "min"},
        "base": {},
        "space": ADVERSARIES,
        "search": {"trials": 8, "enqueue": list(enqueue)},
    }
    return parse_spec(sweep | changes)


def test_enqueued_values_are_typed_and_leave_the_rest_open():
    spec = with_adversaries({"loss.l1": 50}, {"loss.adversarial": "wgan-gp", "loss.gradient_penalty": 10})
    points = enqueued_points(spec)
    assert points == [{"loss.l1": 50.0}, {"loss.adversarial": "wgan-gp", "loss.gradient_penalty": 10.0}]
    assert isinstance(points[0]["loss.l1"], float)


def test_enqueued_preset_gives_its_values_and_its_defaults():
    space = {
        "loss.l1": {"log": [1, 300]},
        "loss.adversarial": ["bce", "wgan-gp"],
        "loss.gradient_penalty": {"uniform": [1, 20], "when": {"loss.adversarial": "wgan-gp"}},
        "optimizer.schedule": ["constant", "cosine"],
        "phases.0.epochs": {"int": [1, 40]},
        "phases.0.frozen_norm": ["eval", "train"],
    }
    base = {"base": "multitask-resnet18"}
    spec = with_adversaries("multitask-resnet18", "cgan-unet", space=space, base=base)
    ours = {"loss.l1": 100.0, "loss.adversarial": "bce", "optimizer.schedule": "constant"}
    # A preset without phases leaves those of the sweep open.
    assert enqueued_points(spec) == [{**ours, "phases.0.epochs": 30, "phases.0.frozen_norm": "eval"}, ours]


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("cgan-unett", r"search\.enqueue: no preset 'cgan-unett'; did you mean cgan-unet\?"),
        ("bins-plain", r"bins-plain has loss\.l1 0, which \{log: \[1, 300\]\} does not contain; widen the range"),
        ("cgan-unet", r"cgan-unet has early_stopping\.classification\.patience null, which \{int: \[2, 8\]\} does not"),
        ({"loss.l1": 500}, r"it has loss\.l1 500, which \{log: \[1, 300\]\} does not contain"),
        ({"loss.l11": 5}, r"loss\.l11 is not searched; did you mean loss\.l1\?"),
        ({"model.dropout": 0.25}, r"model\.dropout is not searched"),
        ({"loss": {"l1": 5}}, r"loss is a section; name its values by dotted path, such as loss\.l1"),
        (
            {"loss.gradient_penalty": 5, "loss.adversarial": "bce"},
            r"loss\.gradient_penalty is searched only where loss\.adversarial is \[wgan-gp\]; give that too",
        ),
        ({"loss.gradient_penalty": 5}, r"is searched only where loss\.adversarial is \[wgan-gp\]"),
    ],
)
def test_point_outside_the_space_is_refused(point: Any, words: str):
    with pytest.raises(SpecError, match=words) as caught:
        with_adversaries(point)
    assert caught.value.findings[0].at == ("search", "enqueue", 0)


def test_a_trial_with_changes_loses_what_no_longer_applies():
    spec = with_adversaries()
    params = {"loss.l1": 5.0, "loss.adversarial": "wgan-gp", "loss.gradient_penalty": 7.0}
    assert like(spec, params, {"loss.l1": 50}) == params | {"loss.l1": 50.0}
    assert like(spec, params, {"loss.adversarial": "bce"}) == {"loss.l1": 5.0, "loss.adversarial": "bce"}
    assert checked_point(spec, {"loss.l1": 50}) == {"loss.l1": 50.0}
    with pytest.raises(SpecError, match="is searched only where"):
        like(spec, params, {"loss.adversarial": "bce", "loss.gradient_penalty": 3})
    with pytest.raises(SpecError, match=r"it has loss\.l1 0"):
        like(spec, params, {"loss.l1": 0})
    with pytest.raises(SpecError, match=r"loss\.l2 is not searched"):
        like(spec, params, {"loss.l2": 1})
