"""Which configurations measure which objective."""

import math
from typing import Any

import pytest

from models.config.trial import TrialConfig
from models.evaluation import DIRECTIONS
from search.errors import SpecError
from search.spec.constraints import Constraint, parse_constraints
from search.spec.objectives import check_labels, check_objectives, default_objectives

CLASSES = {"classification": 1.0}


def config_of(**sections: Any) -> TrialConfig:
    return TrialConfig.model_validate({"data": {"train": "t", "val": "v"}, **sections})


@pytest.mark.parametrize(
    ("name", "without", "words", "with_it"),
    [
        ("fid", {"evaluation": {"fid_images": 0}}, "set evaluation.fid_images above 0", {}),
        ("kid", {}, "set evaluation.kid to true", {"evaluation": {"kid": True}}),
        ("lpips", {}, "set evaluation.lpips to alex", {"evaluation": {"lpips": "vgg"}}),
        ("classifier_top1", {}, "evaluation.classifier", {"evaluation": {"classifier": "vgg16"}}),
        ("classifier_agreement", {}, "evaluation.classifier", {"evaluation": {"classifier": "vgg16"}}),
        ("accuracy", {}, "set loss.classification above 0", {"loss": CLASSES}),
        ("macro_f1", {}, "set loss.classification above 0", {"loss": CLASSES}),
        ("teacher_agreement", {"loss": CLASSES}, "set loss.teacher", {}),
        ("l1", {"loss": CLASSES | {"l1": 0, "adversarial": "none"}}, "l1 needs colorization; set loss.l1", {}),
    ],
)
def test_objective_without_its_setting_is_refused(
    name: str, without: dict[str, Any], words: str, with_it: dict[str, Any]
):
    objectives = {name: DIRECTIONS[name]}
    with pytest.raises(SpecError, match=words) as caught:
        check_objectives(objectives, [config_of(**with_it or {"loss": CLASSES}), config_of(**without)])
    assert "\n" not in str(caught.value)
    if with_it:
        check_objectives(objectives, [config_of(**with_it)])


def test_teacher_takes_the_place_of_the_labels():
    stopping = {"classification": {"metric": "teacher_agreement"}}
    taught = [
        config_of(loss=CLASSES | {"teacher": teacher}, early_stopping=stopping) for teacher in ("vgg16", "resnet50")
    ]
    check_objectives({"teacher_agreement": "max"}, taught[:1])
    with pytest.raises(SpecError, match="different teachers does not compare"):
        check_objectives({"teacher_agreement": "max"}, taught)
    with pytest.raises(SpecError, match="accuracy needs a classification head that learns the labels"):
        check_objectives({"accuracy": "max"}, taught)


def test_a_single_training_is_judged_by_each_of_its_tasks():
    no_photos = {"fid_images": 0}
    assert default_objectives(config_of(loss=CLASSES)) == {"fid": "min", "accuracy": "max"}
    assert default_objectives(config_of(evaluation=no_photos)) == {"l1": "min"}
    only_labels = config_of(loss=CLASSES | {"l1": 0, "adversarial": "none"}, evaluation=no_photos)
    assert default_objectives(only_labels) == {"accuracy": "max"}


def test_objective_of_labels_needs_labelled_photos():
    check_labels({"l1": "min", "accuracy": "max"}, num_labelled=1)
    check_labels({"l1": "min", "classifier_agreement": "max"}, num_labelled=0)
    with pytest.raises(SpecError, match="accuracy needs labels, which no photo"):
        check_labels({"l1": "min", "accuracy": "max"}, num_labelled=0)


def test_error_of_the_discriminator_is_no_objective():
    with pytest.raises(SpecError, match="unknown metric 'discriminator_error'"):
        check_objectives({"discriminator_error": "min"}, [config_of()])


def test_constraints_are_read_and_measured():
    accuracy, fid = parse_constraints(("accuracy >= 0.7", "fid<=2e1"))
    assert (accuracy, fid) == (Constraint("accuracy", ">=", 0.7), Constraint("fid", "<=", 20.0))
    assert accuracy.violation({"accuracy": 0.5}) == pytest.approx(0.2)
    assert fid.violation({"fid": 50.0}) == 30
    assert (accuracy.violation({"accuracy": 0.7}), fid.violation({"fid": 3.0})) == (0, 0)
    assert accuracy.met({"accuracy": 0.7})
    assert not accuracy.met({"accuracy": 0.69})
    assert str(fid) == "fid <= 20"


@pytest.mark.parametrize("metrics", [{}, {"fid": 1.0}, {"accuracy": math.nan}, {"accuracy": math.inf}])
def test_what_was_not_measured_violates_without_end(metrics: dict[str, float]):
    (accuracy,) = parse_constraints(("accuracy >= 0.7",))
    assert accuracy.violation(metrics) == math.inf
    assert not accuracy.met(metrics)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("accuracy > 0.7",), "give METRIC >= NUMBER"),
        (("accuracy >= much",), "give METRIC >= NUMBER"),
        (("accuracy >= nan",), "give METRIC >= NUMBER"),
        (("acuracy >= 0.7",), r"unknown metric acuracy; did you mean accuracy\?"),
        (("fid <= 10", "fid >= 20"), "no trial can have both fid <= 10 and fid >= 20"),
    ],
)
def test_bad_constraint_is_refused_in_words(texts: tuple[str, ...], words: str):
    with pytest.raises(SpecError, match=words):
        parse_constraints(texts)
