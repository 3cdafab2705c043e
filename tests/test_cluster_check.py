"""`huetune cluster check` and a sweep on a real Ray cluster of two nodes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from photos import Betons
from ray.cluster_utils import Cluster

from search.records import read_sweep

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes.add_node(num_cpus=1)
    yield nodes
    nodes.shutdown()


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


def test_check_finds_both_nodes_well_and_a_sweep_runs_on_them(cluster: Cluster, betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "spec.yaml", betons)
    place = ["--address", cluster.address, "--storage", tmp_path]
    check = huetune("cluster", "check", path, *place)
    assert check.returncode == 0, check.stdout + check.stderr
    assert check.stdout.count("node 127.0.0.1") == 2
    assert "fault" not in check.stdout
    run = huetune("sweep", "run", path, *place)
    assert run.returncode == 0, run.stderr
    assert [trial.state.state for trial in read_sweep(tmp_path / "two-nodes").trials] == ["complete"] * 4


def test_check_names_what_is_missing_and_fails(cluster: Cluster, betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "spec.yaml", betons)
    content = yaml.safe_load(path.read_text())
    content["data"]["val"] = "nowhere.beton"
    path.write_text(yaml.safe_dump(content))
    check = huetune("cluster", "check", path, "--address", cluster.address, "--storage", tmp_path)
    assert check.returncode == 1
    assert check.stdout.count("fault") == 2


def test_address_without_a_cluster_is_told_in_one_line(betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "spec.yaml", betons)
    failed = huetune("sweep", "run", path, "--address", "127.0.0.1:1", "--storage", tmp_path)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "no Ray cluster answers at '127.0.0.1:1'" in failed.stderr
