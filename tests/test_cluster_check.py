"""`huetune cluster check` and a sweep on a real Ray cluster of two nodes."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from photos import Betons

from search.records import read_sweep

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A head and a second node, each of one CPU, with token authentication."""
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_AUTH_MODE", "token")
        environment.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        logs = tmp_path_factory.mktemp("ray")
        with (
            node(logs / "head", "--head", f"--port={port}", "--include-dashboard=false"),
            node(logs / "second", f"--address=127.0.0.1:{port}"),
        ):
            yield f"127.0.0.1:{port}"


@contextmanager
def node(log: Path, *options: str) -> Iterator[None]:
    """A node of a Ray cluster, from when it has joined on."""
    ray = Path(sys.executable).with_name("ray")
    common = ["--num-cpus=1", "--block", "--disable-usage-stats"]
    with log.open("w") as output:
        process = subprocess.Popen([ray, "start", *options, *common], stdout=output, stderr=output)  # noqa: S603
    try:
        while "--block" not in log.read_text():  # the last thing it says
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def huetune(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "huetune", *map(str, arguments)]
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)  # noqa: S603


def spec(path: Path, betons: Betons) -> Path:
    content = {
        "name": "two-nodes",
        "data": {"train": str(betons.train), "val": str(betons.val), "batch_size": 8},
        "objectives": {"l1": "min"},
        "base": {
            "model": {"depth": 4, "width": 0.125},
            "epochs": 1,
            "evaluation": {"fid_images": 0},
            "early_stopping": {"colorization": {"patience": 1}},
        },
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 4},
    }
    path.write_text(yaml.safe_dump(content))
    return path


def test_check_finds_both_nodes_well_and_a_sweep_runs_on_them(address: str, betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "spec.yaml", betons)
    place = ["--address", address, "--storage", tmp_path]
    check = huetune("cluster", "check", path, *place)
    assert check.returncode == 0, check.stdout + check.stderr
    assert sum(line.startswith("node ") for line in check.stdout.splitlines()) == 2
    assert "fault" not in check.stdout
    run = huetune("sweep", "run", path, *place)
    assert run.returncode == 0, run.stderr
    assert [trial.state.state for trial in read_sweep(tmp_path / "two-nodes").trials] == ["complete"] * 4


def test_check_names_what_is_missing_and_fails(address: str, betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "spec.yaml", betons)
    content = yaml.safe_load(path.read_text())
    content["data"]["val"] = "nowhere.beton"
    path.write_text(yaml.safe_dump(content))
    check = huetune("cluster", "check", path, "--address", address, "--storage", tmp_path)
    assert check.returncode == 1
    assert check.stdout.count("fault") == 2


def test_address_without_a_cluster_is_told_in_one_line(betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "spec.yaml", betons)
    failed = huetune("sweep", "run", path, "--address", "127.0.0.1:1", "--storage", tmp_path)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "nothing answers at --address '127.0.0.1:1'" in failed.stderr
