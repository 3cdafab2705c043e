"""What stands between a sweep and a cluster is told in one line, within seconds."""

import importlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import ray
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc

from search.driver.connection import connected, trials_at_once
from search.driver.growth import growth, kinds_to_come
from search.driver.head import find_head
from search.driver.head_watch import HeadWatch
from search.driver.shipped import PACKAGES, ROOT, shipped_code
from search.errors import SweepError


class OtherHead(gcs_service_pb2_grpc.NodeInfoGcsServiceServicer):
    """A head of another version of Ray, or one without a node here."""

    def __init__(self, ray_version: str) -> None:
        self._ray_version = ray_version

    def CheckAlive(self, request: object, context: object) -> object:  # noqa: N802
        return gcs_service_pb2.CheckAliveReply(ray_version=self._ray_version)

    def GetAllNodeInfo(self, request: object, context: object) -> object:  # noqa: N802
        return gcs_service_pb2.GetAllNodeInfoReply()


@contextmanager
def head(ray_version: str) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    gcs_service_pb2_grpc.add_NodeInfoGcsServiceServicer_to_server(OtherHead(ray_version), server)
    host = socket.gethostname()
    # Ray puts the outer address in the place of 127.0.0.1.
    port = server.add_insecure_port("0.0.0.0:0")
    server.start()
    try:
        yield f"{host}:{port}"
    finally:
        server.stop(None)


@contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    """Something that is no head: it says the same to everybody, or nothing."""
    with socket.create_server(("", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            server.settimeout(0.1)
            held = []
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                held.append(connection)
                if answer is not None:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def told(address: str, timeout_s: float = 5) -> str:
    with pytest.raises(SweepError) as caught:
        find_head(address, timeout_s)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "nothing answers at --address '127.0.0.1:1' ("),
        ("no-such-host.invalid:6379", "nothing answers at --address 'no-such-host.invalid:6379'"),
        ("127.0.0.1", "is no address; give the host:port"),
        ("127.0.0.1:99999", "is no address"),
        ("http://127.0.0.1:8265", "hand the sweep in with `huetune cluster submit"),
        ("ray://127.0.0.1:10001", "is no head's"),
    ],
)
def test_wrong_address(address: str, words: str):
    assert words in told(address)


def test_something_else_listens_there():
    with listener(b"HTTP/1.0 400 Bad Request\r\n\r\n") as address:
        assert "is no Ray head; give the head's port" in told(address)
    with listener(None) as address:
        assert "says nothing; see whether the head has hung" in told(address, timeout_s=0.5)


def test_other_version_of_ray():
    with head("2.9.0") as address:
        assert "runs Ray 2.9.0, and this machine Ray" in told(address)


def test_machine_that_is_no_node_of_the_cluster():
    with head(importlib.metadata.version("ray")) as address:
        assert "this machine is no node of the cluster" in told(address, timeout_s=0.5)


def test_head_that_is_gone_is_told_once_after_a_while():
    lost: list[str] = []
    with head("2.60.0") as address:
        watch = HeadWatch(address, lost.append, ask_every_s=0.02, patience_s=1)
        watch.start()
        time.sleep(0.3)
        assert lost == []
    watch.join()
    assert len(lost) == 1
    assert f"the Ray head at {address!r} has not answered for" in lost[0]


def test_watch_ends_with_the_sweep():
    with head("2.60.0") as address:
        watch = HeadWatch(address, pytest.fail, ask_every_s=0.02, patience_s=0.1)
        watch.start()
        watch.end()
    assert not watch.is_alive()


def test_code_travels_whole_and_nothing_else(tmp_path: Path):
    for package in PACKAGES:
        (tmp_path / package / "__pycache__").mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "__pycache__/x.pyc").touch()
    (tmp_path / "huetune.py").touch()
    (tmp_path / "data/train.beton").touch()
    (tmp_path / "photos").mkdir()
    (tmp_path / "data/photos").symlink_to(tmp_path / "photos")
    (tmp_path / ".gitignore").write_text("data/\n")
    with shipped_code(tmp_path) as code:
        found = sorted(str(path.relative_to(code)) for path in code.rglob("*") if path.is_file() or path.is_symlink())
    assert found == sorted([*(f"{package}/__init__.py" for package in PACKAGES), "huetune.py"])
    assert not code.exists()


def test_what_travels_has_all_that_is_imported():
    with shipped_code() as code:
        for package in PACKAGES:
            sent = {path.relative_to(code) for path in (code / package).rglob("*.*") if path.is_file()}
            ours = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*.*") if path.is_file()}
            assert {path for path in ours if "__pycache__" not in path.parts} == sent


def test_cluster_that_grows_has_room_for_what_is_to_come(monkeypatch: pytest.MonkeyPatch):
    assert kinds_to_come() == []
    for name, value in growth([(8, 2, 3), (4, 0, 1)]).items():
        monkeypatch.setenv(name, value)
    assert kinds_to_come() == [{"CPU": 8, "GPU": 2, "count": 3}, {"CPU": 4, "GPU": 0, "count": 1}]
    assert [trials_at_once(kind, cpu=2, gpu=0.5) for kind in kinds_to_come()] == [4, 0]


def test_machine_too_busy_for_ray_is_told_after_several_tries(monkeypatch: pytest.MonkeyPatch):
    tries = []

    def init(**settings: object) -> None:
        tries.append(settings)
        raise Exception("The current node timed out during startup. This could happen because some of the raylet")

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(SweepError, match="has not started here in 3 times 30 s"), connected(None):
        pass
    assert len(tries) == 3
