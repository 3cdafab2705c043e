"""Sweeps read from a folder, from other file systems of pyarrow's, and from a server that speaks S3."""

import io
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import fs
from recorded_sweeps import write_samples, write_sweep, write_trial
from rich.console import Console

import data.stores as module
from analysis.places import Place, PlaceError, Remote, fetch_records, sweep_at
from data.errors import HuetuneError
from search.records import read_sweep

RECORDS = [
    "sweep.json",
    "trials/0000/evaluations.jsonl",
    "trials/0000/state.json",
    "trials/0000/trial.json",
    "trials/0001/evaluations.jsonl",
    "trials/0001/state.json",
    "trials/0001/trial.json",
]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage with the sweep `small`: two trials, of which one has a checkpoint."""
    storage = tmp_path_factory.mktemp("sweeps")
    sweep = write_sweep(storage / "small")
    for number in range(2):
        trial = write_trial(sweep, number, [{"fid": 90.0 - number, "accuracy": 0.2}])
    trial = sweep / "trials/0000"
    write_samples(trial, [(1, 2, 3)])
    for unwanted in ("checkpoints/last.pt", "tensorboard/events.out", ".state.json.abc.partial"):
        (trial / unwanted).parent.mkdir(exist_ok=True)
        (trial / unwanted).write_bytes(b"weights")
    (sweep / "report").mkdir()
    (sweep / "report/report.html").write_text("an old one")
    return storage


def quiet() -> Console:
    return Console(file=io.StringIO())


def told(address: str, name: str = "small") -> str:
    """What is said of a sweep that cannot be read."""
    with pytest.raises(HuetuneError) as caught, sweep_at(address, name, quiet()):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("address", ["{}", "file://{}", "file://localhost{}"])
def test_sweep_in_a_folder_is_read_where_it_is(storage: Path, address: str):
    with sweep_at(address.format(storage), "small", quiet()) as place:
        assert place == Place(storage / "small")
        assert place.report_folder == storage / "small/report"
        checkpoint = storage / "small/trials/0000/checkpoints/last.pt"
        assert place.bring(checkpoint) == checkpoint


def test_records_alone_are_fetched_from_any_file_system(storage: Path, tmp_path: Path):
    store = fs.SubTreeFileSystem(str(storage), fs.LocalFileSystem())
    remote = Remote(store, "small", "sub://small")
    fetch_records(remote, tmp_path / "small", quiet())
    assert files_in(tmp_path / "small") == RECORDS
    assert [trial.metrics for (trial,) in [one.evaluations for one in read_sweep(tmp_path / "small").trials]] == [
        {"fid": 90.0, "accuracy": 0.2},
        {"fid": 89.0, "accuracy": 0.2},
    ]


def test_checkpoint_is_fetched_when_asked_for(storage: Path, tmp_path: Path):
    place = Place(tmp_path / "small", Remote(fs.LocalFileSystem(), str(storage / "small"), "local://small"))
    assert place.report_folder == Path.cwd() / "small-report"
    file = place.bring(tmp_path / "small/trials/0000/checkpoints/last.pt")
    assert file.read_bytes() == b"weights"
    with pytest.raises(PlaceError, match=r"local://small has no trials/0001/checkpoints/last\.pt"):
        place.bring(tmp_path / "small/trials/0001/checkpoints/last.pt")


def test_photos_are_fetched_for_those_that_are_asked_for(storage: Path, tmp_path: Path):
    place = Place(tmp_path / "small", Remote(fs.LocalFileSystem(), str(storage / "small"), "local://small"))
    samples = [place.folder / f"trials/{number:04d}/samples.png" for number in range(3)]
    place.bring_some(samples)
    assert files_in(tmp_path / "small") == ["trials/0000/samples.png"]
    Place(storage / "small").bring_some(samples)
    assert samples[0].read_bytes() == (storage / "small/trials/0000/samples.png").read_bytes()


def test_half_copied_sweep_is_fetched_as_far_as_it_goes(storage: Path, tmp_path: Path):
    half = tmp_path / "half"
    shutil.copytree(storage / "small", half)
    (half / "trials/0000/state.json").unlink()
    (half / "trials/0001/evaluations.jsonl").write_bytes(b'{"epoch": 1')
    fetch_records(Remote(fs.LocalFileSystem(), str(half), "local://half"), tmp_path / "small", quiet())
    sweep = read_sweep(tmp_path / "small")
    assert [(trial.number, trial.evaluations) for trial in sweep.trials] == [(1, ())]
    assert list(sweep.unreadable) == ["0000"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://me:secret@there/sweeps", "ftp://there/sweeps cannot be read: nothing is known of such addresses"),
        ("s3://me:secret@bucket/sweeps?colour=red", "s3://bucket/sweeps cannot be read: Unexpected query parameter"),
        ("s3://me:a/secret@bucket/sweeps", "s3://bucket/sweeps cannot be read: it is no address"),
        ("s3://me:a#secret@bucket/sweeps", "s3://bucket/sweeps cannot be read: it is no address"),
        ("foo://bucket?key=a@secret", "foo://... cannot be read: nothing is known of such addresses"),
        ("s3://[secret@bucket", "s3://bucket cannot be read: it is no address"),
        ("file://tmp/sweeps", "names a machine 'tmp'"),
    ],
)
def test_addresses_that_cannot_be_are_told_in_a_line_without_passwords(address: str, words: str):
    assert words in told(address)
    assert "secret" not in told(address)


def test_store_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"s3://a:b@bucket/sweeps?scheme=http&endpoint_override=127.0.0.1:{silent.getsockname()[1]}"
        assert told(address).startswith("s3://bucket/sweeps: no answer within ")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """HOST:PORT of a server that speaks S3, without any bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def bucket(server: str, storage: Path) -> str:
    """Address of the storage in a bucket."""
    address = f"s3://me:secret@bucket/all/sweeps?scheme=http&endpoint_override={server}"
    store, path = fs.FileSystem.from_uri(address + "&allow_bucket_creation=true")
    store.create_dir(path)
    fs.copy_files(str(storage), path, destination_filesystem=store)
    return address


@pytest.mark.slow
def test_sweep_in_a_bucket_is_read_and_a_checkpoint_fetched(bucket: str, storage: Path):
    with sweep_at(bucket, "small", quiet()) as place:
        assert files_in(place.folder) == RECORDS
        here, there = read_sweep(place.folder), read_sweep(storage / "small")
        assert (here.record, here.unreadable) == (there.record, {})
        assert [(one.start, one.state, one.evaluations) for one in here.trials] == [
            (one.start, one.state, one.evaluations) for one in there.trials
        ]
        assert place.bring(here.trials[0].folder / "checkpoints/last.pt").read_bytes() == b"weights"
    assert not place.folder.exists()


@pytest.mark.slow
def test_what_a_bucket_does_not_have_is_told_in_a_line(bucket: str):
    assert told(bucket, "other") == "no sweep 'other' in s3://bucket/all/sweeps; sweeps there: small"
    elsewhere = bucket.replace("/all/sweeps", "/nowhere")
    assert told(elsewhere) == "no sweep 'small' in s3://bucket/nowhere; sweeps there: none"
    pail = bucket.replace("@bucket/", "@pail/")
    assert told(pail) == "s3://pail/all/sweeps cannot be read: there is no such bucket; check its name"


@pytest.mark.slow
def test_denied_access_is_told_in_a_line(bucket: str, server: str):
    allow_unchecked_requests(server, 0)
    try:
        assert told(bucket).startswith("s3://bucket/all/sweeps cannot be read: access is denied; check the credentials")
    finally:
        allow_unchecked_requests(server, 1_000_000_000)


def allow_unchecked_requests(server: str, count: int) -> None:
    """After so many, the server asks for credentials of users that it knows."""
    request = urllib.request.Request(
        f"http://{server}/moto-api/reset-auth", data=str(count).encode(), headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310
