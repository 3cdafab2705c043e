"""The dashboards of a sweep: nothing that they show is changed by being looked at."""

import json
import socket
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import pytest
from optuna.artifacts.exceptions import ArtifactNotFound
from recorded_sweeps import write_samples, write_sweep
from sampled_sweeps import make_spec, open_study, record, run_trials

from analysis.dashboard.own_hosts import for_own_hosts, is_own
from analysis.dashboard.read_only import read_only
from analysis.dashboard.shown_study import ReadOnlyError, Samples, ShownStudy
from search.errors import SweepError
from search.recording import write_record
from search.records import read_sweep_record, trial_folder
from search.sampling.storages import open_to_read
from search.spec.sweep_spec import SweepSpec

JOURNAL, SQLITE = {"storage": "journal"}, {"storage": "sqlite"}
FILES = {"journal": "study.journal", "sqlite": "study.db"}


def shown(folder: Path, storage: str = "journal") -> ShownStudy:
    return ShownStudy(open_to_read(storage, folder), folder, read_sweep_record(folder))


def searched(folder: Path, storage: str = "journal") -> SweepSpec:
    """A sweep with two trials that have ended and one that runs, of which the first and the last have photos."""
    spec = make_spec(search={"storage": storage})
    write_sweep(folder, spec.objectives, spec={"search": {"storage": storage}, "space": spec.space})
    study = open_study(spec, folder)
    run_trials(study, spec, folder, 2)
    number, point = study.ask()
    record(folder, spec, number, point, "running")
    for number in (0, 2):
        write_samples(trial_folder(folder, number), [(1, 2, 3)])
    return spec


@pytest.mark.parametrize("storage", FILES)
def test_study_is_shown_with_the_photos_of_trials_that_run_too(storage: str, tmp_path: Path):
    spec = searched(tmp_path, storage)
    before = (tmp_path / FILES[storage]).read_bytes()
    study = shown(tmp_path, storage)
    assert study.latest is not None
    trials = study.get_all_trials(study.latest)
    photos = [
        [json.loads(value)["artifact_id"] for key, value in trial.system_attrs.items() if key.startswith("artifacts:")]
        for trial in trials
    ]
    assert photos == [["0000"], [], ["0002"]]
    assert study.get_trial(trials[2]._trial_id).system_attrs == trials[2].system_attrs
    (found,) = optuna.get_all_study_summaries(study)
    loaded = optuna.load_study(study_name=found.study_name, storage=study)
    assert loaded.metric_names == list(spec.objectives)
    assert [trial.state.name for trial in loaded.trials] == ["COMPLETE", "COMPLETE", "RUNNING"]
    assert (tmp_path / FILES[storage]).read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"sweep.json", "trials", FILES[storage]}


def test_studies_are_called_as_their_sweep_and_the_later_spaces_by_number(tmp_path: Path):
    spec = searched(tmp_path)
    study = shown(tmp_path)
    assert [one.study_name for one in study.get_all_studies()] == [tmp_path.name]
    write_record(tmp_path, read_sweep_record(tmp_path).model_copy(update={"num_studies": 2}))
    open_study(spec, tmp_path)
    assert study.latest == 0
    study = shown(tmp_path)
    names = [tmp_path.name, f"{tmp_path.name}, space 2"]
    assert [one.study_name for one in study.get_all_studies()] == names
    assert [study.get_study_name_from_id(study.get_study_id_from_name(name)) for name in names] == names
    assert study.latest == study.get_study_id_from_name(names[1]) == 1
    with pytest.raises(KeyError):
        optuna.load_study(study_name="another", storage=study)


def test_nobody_writes_into_what_is_shown(tmp_path: Path):
    searched(tmp_path)
    study = shown(tmp_path)
    assert study.latest is not None
    loaded = optuna.load_study(study_name=study.get_study_name_from_id(study.latest), storage=study)
    for change in (
        lambda: loaded.set_user_attr("a", 1),
        lambda: loaded.ask(),
        lambda: optuna.create_study(storage=study),
        lambda: optuna.delete_study(study_name=loaded.study_name, storage=study),
        lambda: Samples(tmp_path).remove("0000"),
    ):
        with pytest.raises(ReadOnlyError):
            change()


def test_journal_is_read_as_far_as_it_is_written(tmp_path: Path):
    spec = searched(tmp_path)
    study = shown(tmp_path)
    assert study.latest is not None
    with (tmp_path / "study.journal").open("ab") as file:
        file.write(b'{"op_code": 4, "worker_')  # as if its writer were at it
    assert len(study.get_all_trials(study.latest)) == 3
    writer = open_study(spec, tmp_path)
    run_trials(writer, spec, tmp_path, 1)
    assert [trial.state.name for trial in study.get_all_trials(study.latest)][-1] == "COMPLETE"


def test_studies_of_other_sweeps_in_the_same_storage_are_not_shown(tmp_path: Path):
    searched(tmp_path)
    stored = open_to_read("journal", tmp_path)
    known = read_sweep_record(tmp_path)
    server = {"search": {"storage": "postgresql://server/db"}}
    own = ShownStudy(stored, tmp_path, known.model_copy(update={"spec": server}))
    other = ShownStudy(stored, tmp_path, known.model_copy(update={"spec": server, "name": "other"}))
    assert (len(own.get_all_studies()), other.get_all_studies(), other.latest) == (1, [], None)


def test_photos_come_from_the_folders_of_trials_alone(tmp_path: Path):
    searched(tmp_path)
    with Samples(tmp_path).open_reader("0002") as file:
        assert file.read() == (trial_folder(tmp_path, 2) / "samples.png").read_bytes()
    for name in ("0001", "0007", "../0002", "abc"):
        with pytest.raises(ArtifactNotFound):
            Samples(tmp_path).open_reader(name)


def test_storage_that_is_not_there_is_an_error_of_one_line(tmp_path: Path):
    write_sweep(tmp_path)
    for storage, file in FILES.items():
        with pytest.raises(SweepError, match=f"has no {file} yet") as failed:
            open_to_read(storage, tmp_path)
        assert "\n" not in str(failed.value)
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.json"]


def showing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"shown"]


def answer(app: Any, **environ: str) -> str:
    """The status of an application's answer."""
    answers: list[str] = []
    setup_testing_defaults(environ)
    app(environ, lambda status, headers, trace=None: answers.append(status))
    (status,) = answers
    return status


def test_only_requests_that_change_nothing_pass():
    methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")
    answers = [answer(read_only(showing), REQUEST_METHOD=method) for method in methods]
    assert answers == ["200 OK", "200 OK", *["403 Forbidden"] * 4]


@pytest.mark.parametrize("served", ["127.0.0.1", "localhost", "::1"])
def test_whoever_asks_for_another_host_than_this_one_is_refused(served: str):
    own = ("localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080")
    foreign = ("", "evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "[x", "a@evil.example")
    found = {host: answer(for_own_hosts(showing, served), HTTP_HOST=host) for host in (*own, *foreign)}
    assert found == dict.fromkeys(own, "200 OK") | dict.fromkeys(foreign, "403 Forbidden")


def test_what_is_served_to_others_answers_to_its_own_names_and_to_addresses():
    own = ("gpu7:80", "localhost", "10.0.0.1:80", "[fe80::1]", socket.gethostname())
    assert all(is_own(host, "GPU7") for host in own)
    assert not is_own("evil.example", "GPU7")
    assert not is_own("gpu7", "0.0.0.0")  # noqa: S104
