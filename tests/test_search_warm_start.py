"""What a sampler learns from other sweeps, and what it is kept from."""

from pathlib import Path
from typing import Any

import pytest
from recorded_sweeps import write_sweep, write_trial
from sampled_sweeps import CONDITIONAL, make_spec, measured, open_study, run_trials

from search.errors import SweepError
from search.recording import write_record
from search.records import State, SweepRecord, Trial, read_sweep, read_sweep_record, read_trial
from search.sampling.study import SweepStudy
from search.sampling.warm_start import check_warm_start, warm_start_trials
from search.spec.sweep_spec import SweepSpec

OTHER = make_spec()
POINT = {"loss.adversarial": "bce", "loss.l1": 30.0, "optimizer.beta1": 0.4}


def with_config(path: Path, spec: SweepSpec, point: dict[str, Any]) -> Trial:
    """A recorded trial, with the whole configuration that a sweep gives it."""
    config = spec.trial_config(point).model_dump(mode="json")
    write_record(path, read_trial(path).start.model_copy(update={"config": config}))
    return read_trial(path)


def write_other(folder: Path, *points: dict[str, Any], state: State = "complete", **changes: Any) -> Path:
    """A sweep with these trials."""
    write_sweep(folder, OTHER.objectives, **changes)
    for number, point in enumerate(points):
        with_config(write_trial(folder, number, [measured(point)], state, params=point), OTHER, point)
    return folder


def refusal(folder: Path, *sources: str, spec: SweepSpec = OTHER) -> str:
    warm = make_spec(objectives=tuple(spec.objectives), search={"warm_start": sources}, base=spec.base)
    record = SweepRecord.model_validate(
        read_sweep_record(write_sweep(folder.parent / ".ours", spec.objectives)).model_dump()
    )
    with pytest.raises(SweepError) as error:
        check_warm_start(warm, folder, record)
    return str(error.value)


def learnt(folder: Path, space: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The trials that a sweep in `folder` takes over from the sweep `other` beside it."""
    spec = make_spec(space=space, search={"warm_start": ["other"]})
    return {source.rpartition("/")[2]: params for source, _, params in warm_start_trials(spec, folder)}


def test_sampler_begins_with_the_trials_of_another_sweep(tmp_path: Path):
    run_trials(open_study(OTHER, tmp_path / "other"), OTHER, tmp_path / "other", 12)
    warm = make_spec(search={"warm_start": ["other", str(tmp_path / "other")]})
    study = open_study(warm, tmp_path / "warm")
    assert study.num_of_others == 12
    assert study.num_asked == 0
    number, point = study.ask()
    assert number == 0
    assert point != open_study(OTHER, tmp_path / "cold").ask()[1]
    run_trials(open_study(OTHER, tmp_path / "other"), OTHER, tmp_path / "other", 3)
    again = open_study(warm, tmp_path / "warm")
    assert again.num_of_others == 12  # those that it began with, so that it goes on as it would have
    assert again.ask_again(0) == point


def test_resume_does_without_a_sweep_that_is_gone(tmp_path: Path):
    warm = make_spec(search={"warm_start": ["gone"]})
    study = open_study(warm, tmp_path / "warm")
    assert "no sweep 'gone'" in study.trouble
    assert study.ask()[0] == 0


def test_values_that_the_other_sweep_did_not_search_come_from_its_configuration(tmp_path: Path):
    write_other(tmp_path / "other", POINT)
    space = {"loss.l1": {"log": [1, 300]}, "loss.real_label": {"uniform": [0.6, 1]}}
    # It searched beta1 and the adversarial loss too: what it found is of use where ours are the same.
    assert learnt(tmp_path / "ours", space | {"optimizer.beta1": 0.4, "loss.adversarial": "bce"}) == {
        "other#0": {"loss.l1": 30.0, "loss.real_label": 1.0}
    }
    assert learnt(tmp_path / "ours", space | {"optimizer.beta1": 0.5, "loss.adversarial": "bce"}) == {}
    assert learnt(tmp_path / "ours", space | {"optimizer.beta1": 0.4, "loss.adversarial": "lsgan"}) == {}


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"loss.l1": {"log": [1, 20]}}, False),
        ({"loss.l1": {"int": [1, 300]}}, True),
        ({"loss.adversarial": ["wgan-gp", "lsgan"]}, False),
        ({"loss.adversarial": ["wgan-gp", "bce", "lsgan"]}, True),
        ({"loss.gradient_penalty": {"uniform": [1, 20]}}, True),
    ],
)
def test_trial_must_be_a_point_of_the_space(change: dict[str, Any], fits: bool, tmp_path: Path):
    write_other(tmp_path / "other", POINT)
    space = {name: CONDITIONAL[name] for name in list(CONDITIONAL)[:4]}
    assert bool(learnt(tmp_path / "ours", space | change)) == fits


@pytest.mark.parametrize(
    ("state", "expected"), [("complete", 1), ("pruned", 1), ("diverged", 1), ("failed", 0), ("running", 0)]
)
def test_only_what_teaches_something_is_taken_over(state: State, expected: int, tmp_path: Path):
    write_other(tmp_path / "other", POINT, state=state)
    assert len(learnt(tmp_path / "ours", {name: CONDITIONAL[name] for name in list(CONDITIONAL)[:4]})) == expected


def test_sweep_that_is_not_there_is_named(tmp_path: Path):
    write_other(tmp_path / "other", POINT)
    assert "no sweep 'another'" in refusal(tmp_path / "s", "other", "another")
    assert "is this sweep itself" in refusal(tmp_path / "other", "other")
    check_warm_start(make_spec(search={"warm_start": ["other"]}), tmp_path / "s", read_sweep_record(tmp_path / "other"))


def test_values_that_do_not_compare_are_refused(tmp_path: Path):
    write_other(tmp_path / "other", POINT)
    psnr = make_spec(objectives=("psnr", "l1"))
    assert "psnr: max is none of its objectives (l1: min, accuracy: max)" in refusal(tmp_path / "s", "other", spec=psnr)
    write_other(tmp_path / "photos", POINT, data={"val": {"sha256": "cd", "fid_images": 150, "file": "v.beton"}})
    assert "it validated on other photos (v.beton)" in refusal(tmp_path / "s", "photos")
    train = make_spec(base=OTHER.base | {"evaluation": {"fid_images": 0, "eval_mode": "train"}})
    assert "its evaluation.eval_mode is eval, not train" in refusal(tmp_path / "s", "other", spec=train)


def test_fid_of_another_number_of_photos_does_not_compare(tmp_path: Path):
    fid = make_spec(objectives=("fid",), base={"evaluation": {"fid_images": 150}})
    val = {"sha256": "ab" * 32, "fid_images": 100}
    write_sweep(tmp_path / "fewer", fid.objectives, val=val)
    assert "it measured on the first 100 photos, not 150" in refusal(tmp_path / "s", "fewer", spec=fid)


def test_trials_of_another_seed_compare(tmp_path: Path):
    write_other(tmp_path / "other", POINT, {**POINT, "loss.l1": 3.0})
    spec = make_spec(search={"warm_start": ["other"], "seed": 9}, space={n: CONDITIONAL[n] for n in POINT})
    folder = write_sweep(tmp_path / "ours", spec.objectives)
    assert SweepStudy(spec, folder, read_sweep_record(folder), read_sweep(folder).trials).num_of_others == 2
