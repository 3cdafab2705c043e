"""The best trials again, with other seeds, on photos that no trial has seen."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from live_sweeps import huetune, write_spec
from photos import Betons
from played_sweeps import EPOCHS, Played, begin

from data.build import build
from data.config import BuildOptions
from data.errors import DataError
from data.manifest import check_quick, read_manifest
from data.sources.registry import open_source
from models.config.trial import TrialConfig
from models.fit import FitError, check_fit
from models.measures.validation import Validation
from models.training.checkpoint import load_generator
from search import records
from search.control.mailbox import Mailbox, new_id, send, wait_for_answer
from search.control.orders import Answer, Order
from search.driver.failures import Failure
from search.driver.finalists import needs_test
from search.driver.orders import OrderDesk
from search.driver.preparation import checked_data, checked_test
from search.driver.provenance import sweep_record
from search.errors import SweepError
from search.recording import record_end, remove_failed_test, write_record
from search.records import FailedTest, Sweep, Trial, TrialStart, read_sweep, read_trial, trial_folder
from search.spec.sweep_spec import parse_spec
from search.worker.final_check import measured_on_test, run_final_check
from search.worker.training import run_training

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Three(Betons):
    """33 photos of 32 px in 3 classes: 18 to train, 6 to validate, 9 to test."""

    test: Path


@pytest.fixture(scope="module")
def three(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Three:
    folder = tmp_path_factory.mktemp("three")
    build(open_source(str(photo_folder)), folder, BuildOptions(size=32, val=6, test=9), num_workers=1)
    return Three(folder / "train.beton", folder / "val.beton", folder / "test.beton")


def recorded(folder: Path, betons: Betons, test: Path | None, **sections: Any) -> Path:
    """A sweep on these photos that was begun a moment ago."""
    data = {"train": str(betons.train), "val": str(betons.val), "batch_size": 6}
    base = {
        "model": {"width": 0.125, "depth": 4},
        "loss": {"classification": 1.0},
        "evaluation": {"fid_images": 0, "samples": 1},
        "epochs": 1,
    }
    content = {
        "name": folder.name,
        "data": data | ({"test": str(test)} if test else {}),
        "objectives": {"l1": "min", "accuracy": "max"},
        "base": base,
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 2},
        "pruning": {"kind": "none"},
    }
    spec = parse_spec(content | sections)
    write_record(folder, sweep_record(spec, {name: check_quick(beton) for name, beton in spec.data.files.items()}))
    return folder


def add_trial(sweep: Path, number: int, repeat_of: int | None) -> Path:
    spec = parse_spec(read_sweep(sweep).record.spec)
    config = spec.trial_config({"loss.l1": 50.0}).model_dump(mode="json")
    start = TrialStart(
        number=number,
        params={"loss.l1": 50.0},
        config=config,
        created=datetime.now(UTC),
        origin="sampled" if repeat_of is None else "repeat",
        repeat_of=repeat_of,
    )
    write_record(trial_folder(sweep, number), start)
    return trial_folder(sweep, number)


def trained(sweep: Path, number: int, repeat_of: int | None = None) -> Trial:
    folder = add_trial(sweep, number, repeat_of)
    assert list(run_training(folder, CPU))[-1].finished
    return read_trial(folder)


def repeat(played: Played, **values: Any) -> Answer:
    order = Order(id=new_id(), kind="repeat", values=values, who="ada@lab", when=datetime.now(UTC))
    send(played.folder, order)
    OrderDesk(Mailbox(played.folder), played.conductor).attend()
    answer = wait_for_answer(played.folder, order.id, 0)
    assert answer is not None
    return answer


def repeats(sweep: Sweep) -> list[Trial]:
    return [trial for trial in sweep.trials if trial.start.origin == "repeat"]


def test_photos_of_the_test_are_seen_by_the_final_check_alone(three: Three, tmp_path: Path, monkeypatch: Any):
    seen: list[Path] = []

    def measured(self: Validation, *arguments: Any, **named: Any) -> Any:
        seen.append(self._config.data.val)
        return measure(self, *arguments, **named)

    measure = Validation.measure
    monkeypatch.setattr(Validation, "measure", measured)
    sweep = recorded(tmp_path / "sweep", three, three.test)
    trained(sweep, 0)
    again = trained(sweep, 1, repeat_of=0)
    assert (again.tested, seen) == (None, [three.val, three.val])
    found = run_final_check(again.folder, CPU)
    assert seen == [three.val, three.val, three.test]
    assert (found.file, found.sha256) == (str(three.test), read_manifest(three.test).sha256)
    assert (found.num_photos, found.num_labelled, found.num_costly) == (9, 9, 0)
    assert {"l1", "accuracy", "auc_rebalanced"} <= set(found.metrics)
    assert [e.metrics for e in again.evaluations] == [e.metrics for e in read_trial(trial_folder(sweep, 0)).evaluations]


def test_final_check_measures_what_validation_would_and_changes_nothing_else(three: Three, tmp_path: Path):
    before = trained(recorded(tmp_path / "sweep", three, three.test), 0, repeat_of=7)
    files = {path: path.read_bytes() for path in before.folder.rglob("*") if path.is_file()}
    tested = run_final_check(before.folder, CPU)
    assert run_final_check(before.folder, CPU) == tested  # as after one that was broken off
    assert read_trial(before.folder) == replace(before, tested=tested)
    assert {path: path.read_bytes() for path in files} == files
    config, counts = TrialConfig.model_validate(before.config), read_manifest(three.train).ab_bin_counts
    generator = load_generator(before.folder / "checkpoints" / "last.pt", CPU).generator
    on_val = measured_on_test(generator, config, three.val, three.val, torch.tensor(counts), CPU)
    assert before.final is not None
    assert on_val.metrics == before.final.metrics


def test_search_and_repeats_do_without_the_file_of_the_test_until_they_are_tested(three: Three, tmp_path: Path):
    sweep = recorded(tmp_path / "sweep", three, three.test)
    known = read_sweep(sweep).record
    gone = str(tmp_path / "gone.beton")
    write_record(sweep, known.model_copy(update={"spec": known.spec | {"data": known.spec["data"] | {"test": gone}}}))
    again = trained(sweep, 0, repeat_of=7)
    with pytest.raises(DataError, match=r"gone\.beton is not a file"):
        run_final_check(again.folder, CPU)
    assert read_trial(again.folder) == again


def test_resume_asks_for_the_photos_of_the_test_only_where_a_repeat_needs_them(three: Three, tmp_path: Path):
    sweep = recorded(tmp_path / "sweep", three, three.test)
    spec = parse_spec(read_sweep(sweep).record.spec)

    def needed() -> bool:
        return needs_test(spec, read_sweep(sweep).trials)

    trained(sweep, 0)
    assert not needed()
    again = add_trial(sweep, 1, repeat_of=0)
    assert needed()
    assert list(run_training(again, CPU))[-1].finished
    record_end(again, "complete", "", 0.0)
    assert needed()
    failed = FailedTest(when=datetime.now(UTC), node="n", reason="DataError: gone")
    write_record(again, failed)
    assert not needed()
    remove_failed_test(again)
    run_final_check(again, CPU)
    assert not needed()
    gone = spec.model_copy(update={"data": spec.data.model_copy(update={"test": tmp_path / "gone.beton"})})
    assert "test" not in checked_data(gone, with_test=False)
    with pytest.raises(DataError, match=r"gone\.beton is not a file"):
        checked_data(gone)


def test_photos_of_the_test_are_in_no_other_file(three: Three):
    for test, words in (
        (three.val, r"6 photos of data\.val are in data\.test too"),
        (three.train, r"18 photos of data\.test are in data\.train too"),
    ):
        config = TrialConfig.model_validate({"data": {"train": three.train, "val": three.val, "test": test}})
        config = config.model_copy(update={"model": config.model.model_copy(update={"depth": 4})})
        with pytest.raises(FitError, match=words):
            check_fit(config, {name: read_manifest(beton) for name, beton in config.data.files.items()})


def test_sweep_keeps_the_test_that_it_has(three: Three, tmp_path: Path):
    record = read_sweep(recorded(tmp_path / "sweep", three, three.test)).record
    spec = parse_spec(record.spec)
    assert checked_test(spec, record, three.test).num_samples == 9
    with pytest.raises(SweepError, match=r"test\.beton, and .*val\.beton holds other photos; leave it out"):
        checked_test(spec, record, three.val)


def test_test_that_comes_later_is_recorded_and_reaches_what_is_trained(three: Three, tmp_path: Path):
    data = {"train": str(three.train), "val": str(three.val), "batch_size": 4}
    base = {"model": {"depth": 4}, "loss": {"classification": 1.0}, "evaluation": {"fid_images": 0}, "epochs": EPOCHS}
    folder = begin(tmp_path / "sweep", data=data, base=base, pruning={"kind": "none"}, search={"trials": 3})
    known = read_sweep(folder).record
    manifests = {"train": read_manifest(three.train), "val": read_manifest(three.val)}
    write_record(folder, known.model_copy(update={"data": sweep_record(parse_spec(known.spec), manifests).data}))
    played = Played(folder)
    played.play()
    assert repeat(played, top=1, seeds=2).text.startswith("2 new trials repeat ")
    played.play()
    refused = repeat(played, top=1, seeds=2, test=str(three.val))
    assert (refused.done, "photos of data.val are in data.test too" in refused.text) == (False, True)
    before = repeats(read_sweep(folder))
    told = repeat(played, top=1, seeds=2, test=str(three.test))
    assert told.text.endswith("have been repeated with these seeds; 2 earlier ones are measured on the test photos")
    record = read_sweep(folder).record
    assert record.data["test"]["sha256"] == read_manifest(three.test).sha256
    assert (record.spec["data"]["test"], record.lineage[0].who) == (str(three.test), "ada@lab")
    assert record.lineage[0].what == f"data.test: {three.test}"
    played.play()
    tested = repeats(read_sweep(folder))
    assert [(trial.state, trial.evaluations) for trial in tested] == [(t.state, t.evaluations) for t in before]
    assert [trial.tested and trial.tested.num_photos for trial in tested] == [9, 9]
    assert repeat(played, top=1, seeds=2, test=str(three.test)).text.endswith("have been repeated with these seeds")
    assert len(read_sweep(folder).record.lineage) == 1


def with_a_test(folder: Path) -> Played:
    """A sweep whose repeat, trial 8, is being tested."""
    first = Played(begin(folder))
    first.play()
    best = next(trial for trial in read_sweep(folder).trials if trial.state.state == "complete")
    first.conductor.queue.repeat(best, 1)
    first.play()
    record = read_sweep(folder).record
    spec = record.spec | {"data": record.spec["data"] | {"test": "test.beton"}}
    write_record(folder, record.model_copy(update={"spec": spec}))
    played = Played(folder)
    assert (played.start(), played.conductor.checks.running, played.conductor.over) == ([8], {8}, False)
    return played


def test_failed_test_leaves_the_trial_as_it_is_and_is_made_again_when_asked_for(tmp_path: Path):
    played = with_a_test(tmp_path / "sweep")
    before = read_trial(trial_folder(played.folder, 8))
    report = {"number": 8, "outcome": "failed", "cause": "damaged-data", "reason": "DataError: gone", "trace": "Trace"}
    assert played.conductor.evaluated(8, report)
    played.conductor.ended(8, {**report, "node": "node-1"}, None)
    after = read_trial(before.folder)
    assert played.progress.notes[-1] == (
        "the test of trial 8 failed: DataError: gone; `huetune sweep finalists sweep` tries it again"
    )
    assert after.failed_test is not None
    assert (after.failed_test.reason, after.failed_test.node, after.failed_test.trace) == (
        "DataError: gone",
        "node-1",
        "Trace",
    )
    assert replace(after, failed_test=None) == before
    assert after.notices == ("its test failed: DataError: gone",)
    assert Played(played.folder).conductor.over
    again = Played(played.folder)
    again.conductor.checks.put([after])
    assert read_trial(before.folder) == before
    again.play()
    assert (again.conductor.checks.num_over, read_trial(before.folder).tested is not None) == (1, True)


def test_test_that_is_broken_off_is_made_again(tmp_path: Path):
    played = with_a_test(tmp_path / "sweep")
    before = read_trial(trial_folder(played.folder, 8))
    played.fail(8, Failure("lost-node", "its node was lost"))
    assert played.start() == [8]
    played.conductor.close()
    assert read_trial(before.folder) == before
    again = Played(played.folder)
    assert again.start() == [8]
    played.conductor.ended(8, {"number": 8, "outcome": "failed", "cause": "full-disk", "reason": "OSError"}, None)
    assert (played.conductor.over, played.conductor.fault) == (True, "a disk is full: OSError")
    assert read_trial(before.folder) == before


def test_worker_that_dies_fails_the_test_alone(tmp_path: Path):
    played = with_a_test(tmp_path / "sweep")
    played.fail(8, Failure("worker-death", "its worker died: SIGSEGV"))
    trial = read_trial(trial_folder(played.folder, 8))
    assert (trial.state.state, trial.notices) == ("complete", ("its test failed: its worker died: SIGSEGV",))
    assert played.conductor.over


def test_new_repeats_are_tested_once_they_are_trained_although_the_target_is_reached(tmp_path: Path):
    folder = begin(tmp_path / "sweep", data={"train": "t", "val": "v", "test": "test.beton"}, pruning={"kind": "none"})
    played = Played(folder)
    played.play(9 * 3)
    played.conductor.queue.repeat(read_trial(trial_folder(folder, 0)), 1)
    played.conductor.ledger.change("enough", "ada", "", 4, budget={"target": {"l1": 0.3}})
    played.play()
    (again,) = repeats(read_sweep(folder))
    assert (again.state.state, again.tested is not None) == ("complete", True)
    assert played.conductor.ending == "the target is reached (l1 0.3)"


def test_values_that_are_no_numbers_are_read_again(tmp_path: Path):
    metrics = {"l1": float("inf"), "psnr": float("nan")}
    found = records.Tested(metrics=metrics, file="f", sha256="a", num_photos=9, num_labelled=9, num_costly=0)
    read = records.Tested.model_validate_json(found.model_dump_json())
    assert (read.metrics["l1"], str(read.metrics["psnr"])) == (float("inf"), "nan")


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_finalists_are_tested_as_a_user_asks_for_it(three: Three, tmp_path: Path):
    spec = write_spec(tmp_path / "spec.yaml", three, search={"trials": 2, "seed": 1})
    assert huetune("sweep", "run", spec, storage=tmp_path).returncode == 0
    found = huetune("sweep", "finalists", "small", "--top", 1, "--seeds", 1, storage=tmp_path)
    assert "small has no test photos: repeats are trained, not tested" in found.stdout, found.stderr
    (first,) = repeats(read_sweep(tmp_path / "small"))
    assert (first.state.state, first.tested) == ("complete", None)
    refused = huetune("sweep", "finalists", "small", "--test", three.train, storage=tmp_path)
    assert refused.returncode == 1
    assert "18 photos of data.test are in data.train too" in refused.stderr
    found = huetune("sweep", "finalists", "small", "--top", 1, "--seeds", 2, "--test", three.test, storage=tmp_path)
    assert (found.returncode, found.stdout.count("no test photos")) == (0, 0), found.stderr
    both = repeats(read_sweep(tmp_path / "small"))
    assert [trial.config["seed"] - first.config["seed"] for trial in both] == [0, 1]
    assert [trial.state.state for trial in both] == ["complete", "complete"]
    assert all(trial.tested and trial.tested.num_photos == 9 for trial in both)
    assert [e.metrics for e in both[0].evaluations] == [e.metrics for e in first.evaluations]
