"""What the sampler is told of trials, and how that follows the records whatever breaks."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore, get_all_artifact_meta
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial
from recorded_sweeps import write_samples, write_trial
from sampled_sweeps import CONDITIONAL, make_spec, open_study, record, run_trials

from search.recording import write_record
from search.records import State, TrialStart, TrialState, read_sweep, read_sweep_record, read_trial, trial_folder
from search.sampling.study import SweepStudy
from search.spec.sweep_spec import SweepSpec

Told = optuna.trial.TrialState
TWO = make_spec()
ONE = make_spec(objectives=("l1",))
HALF, FULL = {"l1": 4.0, "accuracy": 0.3}, {"l1": 2.0, "accuracy": 0.6}


def stored(folder: Path) -> list[FrozenTrial]:
    """The trials of the last study of a journal, read by Optuna."""
    storage = JournalStorage(JournalFileBackend(str(folder / "study.journal")))
    return storage.get_all_trials(storage.get_all_studies()[-1]._study_id)


def told(spec: SweepSpec, folder: Path, metrics: list[dict[str, float]], state: State, **changes: Any) -> FrozenTrial:
    """The stored trial after one was asked for and told."""
    study = open_study(spec, folder)
    number, point = study.ask()
    path = write_trial(folder, number, metrics, state, params=spec.parsed_space.searched(point))
    write_record(path, read_trial(path).state.model_copy(update=changes))
    study.tell(read_trial(path))
    (trial,) = stored(folder)
    return trial


@pytest.mark.parametrize(
    ("metrics", "state", "changes", "expected"),
    [
        ([HALF, FULL], "complete", {}, Told.COMPLETE),
        ([HALF, {"l1": 2.0}], "complete", {}, Told.FAIL),
        ([HALF, {"l1": math.inf, "accuracy": 0.6}], "complete", {}, Told.PRUNED),
        ([HALF], "pruned", {}, Told.PRUNED),
        ([HALF], "collapsed", {}, Told.PRUNED),
        ([], "diverged", {}, Told.PRUNED),
        ([HALF], "failed", {"cause": "lost-node"}, Told.FAIL),
        ([HALF], "failed", {"cause": "gpu-memory"}, Told.PRUNED),
    ],
)
def test_trial_is_told_as_what_it_teaches(
    metrics: list[dict[str, float]], state: State, changes: dict[str, Any], expected: Told, tmp_path: Path
):
    trial = told(TWO, tmp_path, metrics, state, reason="because", **changes)
    assert trial.state is expected
    assert trial.values == ([2.0, 0.6] if expected is Told.COMPLETE else None)
    assert trial.user_attrs["state"] == state
    assert trial.user_attrs["reason"] == "because"
    assert trial.intermediate_values == {}  # Optuna stops with an error if trials with several objectives have some
    assert trial.user_attrs["curves"]["epoch"] == [1.0, 2.0][: len(metrics)]


def test_curves_have_gaps_where_there_is_no_number(tmp_path: Path):
    trial = told(TWO, tmp_path, [{"accuracy": 1 / 3}, {"l1": math.nan, "accuracy": 0.6}], "diverged")
    assert trial.user_attrs["curves"] == {"epoch": [1.0, 2.0], "l1": [None, None], "accuracy": [0.333333, 0.6]}


@pytest.mark.parametrize(
    ("state", "expected"), [("complete", {1000: 4.0, 2000: 2.0}), ("pruned", {1000: 4.0, 2000: 2.0}), ("diverged", {})]
)
def test_one_objective_has_intermediate_values(state: State, expected: dict[int, float], tmp_path: Path):
    assert told(ONE, tmp_path, [HALF, FULL], state).intermediate_values == expected


@pytest.mark.parametrize(
    ("metrics", "state", "violation"), [([HALF, FULL], "complete", 0.0), ([HALF], "pruned", 0.2), ([], "diverged", 1e9)]
)
def test_trial_misses_a_bound_by_its_latest_value(
    metrics: list[dict[str, float]], state: State, violation: float, tmp_path: Path
):
    trial = told(make_spec(constraints=["accuracy >= 0.5"]), tmp_path, metrics, state)
    assert trial.constraints == {"accuracy >= 0.5": pytest.approx(violation)}


def test_optuna_finds_the_samples_of_a_trial_where_they_are(tmp_path: Path):
    study = open_study(TWO, tmp_path)
    number, _ = study.ask()
    path = write_trial(tmp_path, number, [FULL])
    samples = write_samples(path, [(1, 2, 3)])
    study.tell(read_trial(path))
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))
    (found,) = get_all_artifact_meta(storage.get_all_trials(0)[0], storage=storage)
    assert (found.artifact_id, found.filename, found.mimetype) == ("0000", "samples.png", "image/png")
    with FileSystemArtifactStore(tmp_path / "artifacts").open_reader(found.artifact_id) as file:
        assert file.read() == samples.read_bytes()


def test_trial_that_failed_and_completes_after_all_is_learnt(tmp_path: Path):
    study = open_study(TWO, tmp_path)
    number, point = study.ask()
    study.tell(record(tmp_path, TWO, number, point, "failed"))
    study = open_study(TWO, tmp_path)
    complete = record(tmp_path, TWO, number, point, "complete")
    study.tell(complete)
    study.tell(complete)
    assert [trial.state for trial in stored(tmp_path)] == [Told.FAIL, Told.COMPLETE]
    assert stored(tmp_path)[0].params == stored(tmp_path)[1].params
    for again in (study, open_study(TWO, tmp_path)):
        assert again.num_asked == 1
        again.tell(complete)
    assert study.ask()[0] == 1
    assert len(stored(tmp_path)) == 3


def test_numbers_go_on_after_repeats_and_breaks(tmp_path: Path):
    study = open_study(TWO, tmp_path)
    assert [study.ask()[0], study.reserve(), study.ask()[0], study.reserve()] == [0, 1, 2, 3]
    start = TrialStart(number=3, params={}, config={}, created=read_sweep_record(tmp_path).created, origin="repeat")
    write_record(trial_folder(tmp_path, 3), start)
    write_record(trial_folder(tmp_path, 3), TrialState(state="complete"))
    study.tell(read_trial(trial_folder(tmp_path, 3)))
    study = open_study(TWO, tmp_path)
    assert study.num_asked == 4
    assert study.settle(read_sweep(tmp_path).trials) == [0, 2]
    assert len(stored(tmp_path)) == 2


def test_trial_whose_end_was_recorded_but_not_told_is_told_after_the_break(tmp_path: Path):
    study = open_study(TWO, tmp_path)
    number, point = study.ask()
    record(tmp_path, TWO, number, point, "complete")
    assert [trial.state for trial in stored(tmp_path)] == [Told.RUNNING]
    open_study(TWO, tmp_path)
    assert [trial.state for trial in stored(tmp_path)] == [Told.COMPLETE]


@pytest.mark.parametrize("sampler", ["tpe", "qmc", "grid"])
def test_study_made_anew_from_the_records_draws_the_same_trials(sampler: str, tmp_path: Path):
    space = {"loss.l1": {"int": [1, 300]}} if sampler == "grid" else CONDITIONAL
    spec = make_spec(sampler, space=space, constraints=["accuracy >= 0.5"])
    study = open_study(spec, tmp_path)
    run_trials(study, spec, tmp_path, 15)
    expected = [study.ask() for _ in range(2)]
    (tmp_path / "study.journal").unlink()
    study = open_study(spec, tmp_path)
    assert [study.ask() for _ in range(2)] == expected


def test_study_made_anew_knows_the_generations(tmp_path: Path):
    def generations() -> list[int]:
        complete = [trial for trial in stored(tmp_path) if trial.state is Told.COMPLETE]
        return [trial.system_attrs["NSGAIISampler:generation"] for trial in complete]

    spec = make_spec("nsga2")
    run_trials(open_study(spec, tmp_path), spec, tmp_path, 15)
    before = generations()
    (tmp_path / "study.journal").unlink()
    open_study(spec, tmp_path)
    assert generations() == before == [0] * 8 + [1] * 2


def test_every_torn_or_overwritten_end_of_the_journal_is_mended(tmp_path: Path):
    whole = tmp_path / "whole"
    study = open_study(TWO, whole)
    run_trials(study, TWO, whole, 3)
    ended = (whole / "study.journal").read_bytes()
    expected = study.ask()
    asked = (whole / "study.journal").read_bytes()
    torn = [asked[:length] for length in range(len(ended) + 1, len(asked), 23)]
    last_line = ended.rstrip(b"\n").rpartition(b"\n")[0]
    torn += [ended[:length] for length in range(len(last_line), len(ended), 7)]
    torn += [ended + garbage for garbage in (b"\0" * 512, b"\xff\xfe\n", b"{}\n", b"5\n{", b"\n", b'{"op_code": 99}\n')]
    torn += [b"", b"\0" * 100, ended[:700] + b"\0" * 300 + ended[1000:], b"SQLite format 3\n" + ended]
    for number, journal in enumerate(torn):
        folder = Path(shutil.copytree(whole, tmp_path / str(number)))
        (folder / "study.journal").write_bytes(journal)
        study = open_study(TWO, folder)
        assert study.ask() == expected, journal[-100:]
        assert open_study(TWO, folder).num_asked == 4
        assert all(json.loads(line) for line in (folder / "study.journal").open())


def test_lock_that_a_killed_driver_left_holds_nobody_up(tmp_path: Path):
    run_trials(open_study(TWO, tmp_path), TWO, tmp_path, 1)
    (tmp_path / "study.journal.lock").symlink_to(tmp_path / "study.journal")  # as Optuna makes it: it waits for 30 s
    assert open_study(TWO, tmp_path).ask()[0] == 1
    assert not (tmp_path / "study.journal.lock").is_symlink()


def test_another_space_keeps_the_trials_that_fit_it(tmp_path: Path):
    run_trials(open_study(TWO, tmp_path), TWO, tmp_path, 12)
    trials = read_sweep(tmp_path).trials
    space = CONDITIONAL | {"loss.l1": {"log": [1, 20]}}
    record_of_now = read_sweep_record(tmp_path)
    narrow = SweepStudy(make_spec(space=space), tmp_path, record_of_now.model_copy(update={"num_studies": 2}), trials)
    fitting = [trial.number for trial in trials if trial.params["loss.l1"] <= 20]
    assert 0 < len(fitting) < 12
    assert [trial.user_attrs["number"] for trial in stored(tmp_path)] == fitting
    assert narrow.ask()[0] == 12
    assert SweepStudy(TWO, tmp_path, record_of_now, trials).settle(trials) == []


def test_dimension_that_is_new_has_the_value_that_the_trials_had(tmp_path: Path):
    narrow = make_spec(space={"loss.l1": {"log": [1, 300]}})
    study = open_study(narrow, tmp_path)
    number, point = study.ask()
    path = write_trial(tmp_path, number, [HALF, FULL], params=point)
    config = narrow.trial_config(point).model_dump(mode="json")
    write_record(path, read_trial(path).start.model_copy(update={"config": config}))
    record_of_now = read_sweep_record(tmp_path).model_copy(update={"num_studies": 2})
    wide = make_spec(space={name: CONDITIONAL[name] for name in list(CONDITIONAL)[:4]})
    SweepStudy(wide, tmp_path, record_of_now, read_sweep(tmp_path).trials)
    (trial,) = stored(tmp_path)
    assert trial.state is Told.COMPLETE
    assert trial.params == {"loss.adversarial": "bce", "optimizer.beta1": 0.5, **point}
