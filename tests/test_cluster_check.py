"""`huetune cluster check`, and the part of it by which a sweep begins, on real Ray clusters of several nodes."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from photos import Betons
from raylets import CAN_MOUNT, head, joined, with_clock_ahead, with_other_versions

from search.records import read_sweep

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("ray")]
needs_mounts = pytest.mark.skipif(not CAN_MOUNT, reason="mount namespaces need root")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ray")


@pytest.fixture(scope="module")
def address(logs: Path) -> Iterator[str]:
    """A head and a second node, each of one CPU, with token authentication."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_AUTH_MODE", "token")
        environment.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        with head(logs / "head") as address, joined(address, logs / "second", "second"):
            yield address


def huetune(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "huetune", *map(str, arguments)]
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, env=environment)  # noqa: S603


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    return folder


@pytest.fixture
def spec(betons: Betons, tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    content = {
        "name": "nodes",
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


def check(spec: Path, address: str, storage: Path, *more: object) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and by node the findings by subject."""
    done = huetune("cluster", "check", spec, "--address", address, "--storage", storage, "--json", *more)
    assert done.stdout, done.stderr
    nodes = json.loads(done.stdout)["nodes"]
    return done.returncode, {
        name.partition(" ")[0]: {one["subject"]: one for one in findings} for name, findings in nodes.items()
    }


def test_nodes_are_well_and_a_sweep_runs_on_them(address: str, spec: Path, storage: Path):
    status, nodes = check(spec, address, storage, "--thorough")
    faults = [one for findings in nodes.values() for one in findings.values() if one["verdict"] == "fault"]
    assert (status, faults, len(nodes)) == (0, [], 2)
    second = nodes["second"]
    assert second["room"]["seen"] == "1 CPU, 0 GPU: 1 trials at once"
    assert second["shared files"]["seen"] == "those of all 2 nodes are read here"
    assert second["memory"]["seen"].startswith("the largest trial (all) takes ")
    assert list(storage.iterdir()) == []
    run = huetune("sweep", "run", spec, "--address", address, "--storage", storage)
    assert run.returncode == 0, run.stderr
    assert [trial.state.state for trial in read_sweep(storage / "nodes").trials] == ["complete"] * 4


def test_all_that_is_missing_is_told_in_a_table(address: str, spec: Path, storage: Path):
    content = yaml.safe_load(spec.read_text())
    content["base"]["evaluation"] |= {"classifier": "vgg11", "fid_images": 2, "fid_weights": "nowhere.pth"}
    content["data"]["val"] = "nowhere.beton"
    spec.write_text(yaml.safe_dump(content))
    done = huetune("cluster", "check", spec, "--address", address, "--storage", storage)
    assert done.returncode == 1
    assert done.stdout.count("2 nodes: ") == 1
    assert "weights, inception-fid │ fault" in done.stdout
    assert "nowhere.beton is not a file" in done.stdout


@contextmanager
def odd_node(kind: str, address: str, folder: Path, storage: Path) -> Iterator[None]:
    """A node of the name `kind`, with a fault."""
    other = folder / f"{kind}-folder"
    other.mkdir()
    environment: dict[str, str] = {}
    mounts: list[str] = []
    options: list[str] = []
    if kind == "apart":
        mounts = [f"mount --bind {other} {storage}"]
    elif kind == "full":
        environment = {"TMPDIR": str(other)}
        mounts = [f"mount -t tmpfs -o size=1M none {other}", f"head -c 1M /dev/zero > {other}/all"]
    elif kind == "older":
        environment = with_other_versions(other / "packages", torchmetrics="0.1")
    elif kind == "late":
        environment = with_clock_ahead(other / "clock", 60)
    elif kind == "boasting":
        options = ["--num-gpus=1"]
    with joined(address, folder / kind, kind, *options, environment=environment, mounts=mounts):
        yield


@needs_mounts
def test_sweep_names_the_node_that_cannot_run_it_and_leaves_nothing(
    address: str, spec: Path, storage: Path, tmp_path: Path
):
    faults = {
        "apart": f"storage: {storage}/nodes is not the driver's; name a folder that all nodes share: --storage",
        "full": "temporary files: 0.0 GiB of 0.0 GiB free in",
        "older": "packages: torchmetrics is 0.1, the driver has ",
    }
    for kind, fault in faults.items():
        with odd_node(kind, address, tmp_path, storage):
            run = huetune("sweep", "run", spec, "--address", address, "--storage", storage)
        assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
        assert f"node {kind} (" in run.stderr
        assert fault in run.stderr
        assert [path.name for path in (storage / "nodes").glob("*")] in ([], ["driver"])


def test_sweep_names_the_node_without_the_gpu_that_ray_counts(address: str, spec: Path, storage: Path, tmp_path: Path):
    with odd_node("boasting", address, tmp_path, storage):
        run = huetune("sweep", "run", spec, "--set", "resources.gpu=1", "--address", address, "--storage", storage)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1), run.stderr
    assert "node boasting (" in run.stderr
    assert "GPUs: Ray counts 1, and there is no NVIDIA driver" in run.stderr


@needs_mounts
def test_check_finds_what_is_odd_with_each_node(address: str, spec: Path, storage: Path, tmp_path: Path):
    with ExitStack() as odd:
        for kind in ("apart", "older", "late"):
            odd.enter_context(odd_node(kind, address, tmp_path, storage))
        status, nodes = check(spec, address, storage)
    faults = {
        name: [subject for subject, one in findings.items() if one["verdict"] == "fault"]
        for name, findings in nodes.items()
    }
    assert status == 1
    assert {name: faults[name] for name in ("second", "apart", "older", "late")} == {
        "second": [],
        "apart": ["storage"],
        "older": ["packages"],
        "late": ["clock"],
    }
    assert nodes["late"]["clock"]["seen"] == "60 s ahead of the driver's"
    assert nodes["second"]["shared files"]["seen"] == "those of all 4 nodes are read here"
    assert list(storage.iterdir()) == []
