"""The best trials again, with other seeds, on photos that no trial has seen."""

from dataclasses import dataclass
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
from data.manifest import check_quick, read_manifest
from data.sources.registry import open_source
from models.config.trial import TrialConfig
from models.fit import FitError, check_fit
from models.measures.validation import Validation
from search import records
from search.control.mailbox import Mailbox, new_id, send, wait_for_answer
from search.control.orders import Answer, Order
from search.driver.orders import OrderDesk
from search.driver.preparation import checked_test
from search.driver.provenance import sweep_record
from search.errors import SweepError
from search.recording import write_record
from search.records import Sweep, Trial, TrialStart, read_sweep, read_trial, trial_folder
from search.spec.sweep_spec import parse_spec
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


def test_repeat_is_measured_on_the_test_and_no_other_trial(three: Three, tmp_path: Path, monkeypatch: Any):
    seen: list[Path] = []

    def measured(self: Validation, *arguments: Any, **named: Any) -> Any:
        seen.append(self._config.data.val)
        return measure(self, *arguments, **named)

    measure = Validation.measure
    monkeypatch.setattr(Validation, "measure", measured)
    sweep = recorded(tmp_path / "sweep", three, three.test)
    assert trained(sweep, 0).tested is None
    assert seen == [three.val]
    again = trained(sweep, 1, repeat_of=0)
    assert seen == [three.val, three.val, three.test]
    assert again.tested is not None
    assert (again.tested.file, again.tested.sha256) == (str(three.test), read_manifest(three.test).sha256)
    assert (again.tested.num_photos, again.tested.num_labelled, again.tested.num_costly) == (9, 9, 0)
    assert {"l1", "accuracy", "auc_rebalanced"} <= set(again.tested.metrics)
    assert [e.metrics for e in again.evaluations] == [e.metrics for e in read_trial(trial_folder(sweep, 0)).evaluations]


def test_trained_repeat_is_tested_without_more_training(three: Three, tmp_path: Path):
    sweep = recorded(tmp_path / "sweep", three, three.test)
    before = trained(sweep, 0, repeat_of=7)
    checkpoint = (before.folder / "checkpoints" / "last.pt").read_bytes()
    (before.folder / "tested.json").unlink()
    (evaluation,) = run_training(before.folder, CPU)
    assert (read_trial(before.folder).tested, evaluation) == (before.tested, before.final)
    assert (before.folder / "checkpoints" / "last.pt").read_bytes() == checkpoint


def test_search_does_without_the_file_of_the_test(three: Three, tmp_path: Path):
    sweep = recorded(tmp_path / "sweep", three, three.test)
    known = read_sweep(sweep).record
    gone = str(tmp_path / "gone.beton")
    write_record(sweep, known.model_copy(update={"spec": known.spec | {"data": known.spec["data"] | {"test": gone}}}))
    assert trained(sweep, 0).final
    with pytest.raises(Exception, match=r"gone\.beton is not a file"):
        list(run_training(add_trial(sweep, 1, repeat_of=0), CPU))


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
    told = repeat(played, top=1, seeds=2, test=str(three.test))
    assert told.text.endswith("have been repeated with these seeds; 2 earlier ones are measured on the test photos")
    record = read_sweep(folder).record
    assert record.data["test"]["sha256"] == read_manifest(three.test).sha256
    assert (record.spec["data"]["test"], record.lineage[0].who) == (str(three.test), "ada@lab")
    assert record.lineage[0].what == f"data.test: {three.test}"
    assert [trial.state.state for trial in repeats(read_sweep(folder))] == ["waiting", "waiting"]
    again = Played(folder)
    assert again.start()
    found = records.Tested(metrics={"l1": 0.1}, file="f", sha256="a", num_photos=9, num_labelled=9, num_costly=0)
    for trial in repeats(read_sweep(folder)):
        write_record(trial.folder, found)
    again.play()
    assert repeat(again, top=1, seeds=2, test=str(three.test)).text.endswith("have been repeated with these seeds")
    assert len(read_sweep(folder).record.lineage) == 1


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
