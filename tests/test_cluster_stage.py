"""`huetune cluster stage`, and sweeps on copies, on a real Ray cluster of three nodes with a disk each."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from photos import Betons
from pyarrow import fs
from raylets import CAN_MOUNT, head, joined

from data.manifest import check_quick
from data.staged.stage import Stage
from search.records import read_sweep

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("ray")]
needs_mounts = pytest.mark.skipif(not CAN_MOUNT, reason="mount namespaces need root")
ROOT = Path(__file__).parents[1]
NODES = ("head", "second", "blind")


@dataclass(frozen=True)
class Three:
    """A head, a second node, and one that does not see the photos, with a stage each."""

    address: str
    stages: dict[str, Stage]
    data: Betons

    def empty(self) -> None:
        """Forget what the tests before have staged."""
        for stage in self.stages.values():
            for path in stage.folder.glob("*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def holding(self) -> dict[str, int]:
        return {name: len(stage.entries()) if stage.folder.exists() else 0 for name, stage in self.stages.items()}


@pytest.fixture(scope="module")
def three(betons: Betons, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    if not CAN_MOUNT:
        pytest.skip("mount namespaces need root")
    folder = tmp_path_factory.mktemp("three")
    shutil.copytree(betons.train.parent, folder / "shared")
    data = Betons(folder / "shared/train.beton", folder / "shared/val.beton")
    stages = {name: Stage(folder / name) for name in NODES}
    with pytest.MonkeyPatch.context() as environment, ExitStack() as nodes:
        environment.setenv("RAY_AUTH_MODE", "token")
        environment.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        environment.setenv("HUETUNE_STAGE", str(stages["head"].folder))
        address = nodes.enter_context(head(folder / "head.log"))
        own = {name: {"HUETUNE_STAGE": str(stage.folder)} for name, stage in stages.items()}
        nodes.enter_context(joined(address, folder / "second.log", "second", environment=own["second"]))
        nothing = [f"mount -t tmpfs -o size=1M none {folder}/shared"]
        nodes.enter_context(joined(address, folder / "blind.log", "blind", environment=own["blind"], mounts=nothing))
        yield Three(address, stages, data)


def huetune(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "huetune", *map(str, arguments)]
    environment = os.environ | {"COLUMNS": "400"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)  # noqa: S603


def written_spec(path: Path, data: Betons, **changes: Any) -> Path:
    content = {
        "name": "nodes",
        "data": {"train": str(data.train), "val": str(data.val), "batch_size": 8},
        "objectives": {"l1": "min"},
        "base": {
            "model": {"depth": 4, "width": 0.125},
            "epochs": 1,
            "evaluation": {"fid_images": 0},
            "early_stopping": {"colorization": {"patience": 1}},
        },
        "space": {"loss.l1": [1, 10, 100, 300]},
        "search": {"sampler": "grid", "trials": 4},
    }
    path.write_text(yaml.safe_dump(content | changes))
    return path


def rows(output: str) -> dict[str, list[str]]:
    """The cells of the table by the node's name."""
    lines = [line[1:-1].split("│") for line in output.splitlines() if line.startswith("│")]
    return {cells[0].split()[0]: [cell.strip() for cell in cells[1:]] for cells in lines if cells[0].strip()}


def test_each_node_gets_one_copy_from_where_it_can(three: Three, tmp_path: Path):
    three.empty()
    spec = written_spec(tmp_path / "spec.yaml", three.data)
    first = huetune("cluster", "stage", spec, "--address", three.address)
    assert first.returncode == 0, first.stdout + first.stderr
    table = rows(first.stdout)
    own_name = next(name for name in table if name not in ("second", "blind"))
    for name, source in ((own_name, "its own path"), ("second", "its own path"), ("blind", own_name)):
        verdict, copied, there, came_from, _, rest = table[name]
        assert (verdict, copied[:3], there, rest) == ("well", "2 (", "", "")
        assert came_from.startswith(source)
    for stage in three.stages.values():
        for beton in (three.data.train, three.data.val):
            sha256 = check_quick(beton).sha256
            assert (stage.folder / sha256 / beton.name).read_bytes() == beton.read_bytes()
    again = rows(huetune("cluster", "stage", spec, "--address", three.address).stdout)
    assert [cells[1:3] for cells in again.values()] == [["", "2"]] * 3


def test_sweep_stages_by_itself_and_gives_the_same(three: Three, tmp_path: Path):
    three.empty()
    spec = written_spec(tmp_path / "spec.yaml", three.data, resources={"stage": True})
    staged = huetune("sweep", "run", spec, "--address", three.address, "--storage", tmp_path / "staged")
    assert staged.returncode == 0, staged.stderr
    assert three.holding() == dict.fromkeys(NODES, 2)
    plain = huetune("sweep", "run", spec, "--set", "resources.stage=false", "--storage", tmp_path / "plain")
    assert plain.returncode == 0, plain.stderr
    assert metrics_in(tmp_path / "staged") == metrics_in(tmp_path / "plain")


def metrics_in(storage: Path) -> dict[int, dict[str, float]]:
    trials = read_sweep(storage / "nodes").trials
    assert [trial.state.state for trial in trials] == ["complete"] * 4
    return {trial.params["loss.l1"]: dict(trial.evaluations[-1].metrics) for trial in trials}


def with_full_disk(folder: Path) -> tuple[dict[str, str], list[str]]:
    """The environment and the mounts of a node whose disk for copies has a megabyte."""
    folder.mkdir()
    return {"HUETUNE_STAGE": str(folder)}, [f"mount -t tmpfs -o size=1M none {folder}"]


def test_node_with_a_full_disk_is_named(three: Three, tmp_path: Path):
    three.empty()
    environment, mounts = with_full_disk(tmp_path / "full")
    with joined(three.address, tmp_path / "full.log", "full", environment=environment, mounts=mounts):
        spec = written_spec(tmp_path / "spec.yaml", three.data)
        done = huetune("cluster", "stage", spec, "--address", three.address)
    assert done.returncode == 1
    verdict, *_, fault = rows(done.stdout)["full"]
    assert verdict == "fault"
    assert fault.startswith(f"no room on {socket.gethostname()} in {tmp_path}/full for ")
    assert three.holding() == dict.fromkeys(NODES, 2)


@needs_mounts
def test_trials_read_the_shared_file_where_there_is_no_room_and_say_so(betons: Betons, tmp_path: Path):
    spec = written_spec(tmp_path / "spec.yaml", betons, resources={"stage": True})
    environment, mounts = with_full_disk(tmp_path / "full")
    run = [sys.executable, "-m", "huetune", "sweep", "run", str(spec), "--storage", str(tmp_path / "sweeps")]
    apart = ["unshare", "-m", "sh", "-ec", "; ".join([*mounts, 'exec "$@"']), "sh", *run]
    done = subprocess.run(apart, capture_output=True, text=True, check=False, env=os.environ | environment)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert len(metrics_in(tmp_path / "sweeps")) == 4
    notices = [line for line in done.stdout.splitlines() if line.startswith("no room on ")]
    assert [notice.rpartition("trials there read ")[2] for notice in notices] == [
        f"{beton} itself" for beton in (betons.train, betons.val)
    ]


def test_altered_photos_are_given_to_nobody(three: Three, betons: Betons, tmp_path: Path):
    three.empty()
    content = bytearray(betons.train.read_bytes())
    content[70_000] ^= 1  # between the stretches of the quick check
    three.data.train.write_bytes(content)
    try:
        done = huetune("cluster", "stage", written_spec(tmp_path / "spec.yaml", three.data), "--address", three.address)
    finally:
        shutil.copy(betons.train, three.data.train)
    assert done.returncode == 1
    assert done.stdout.count("was altered: its sha256 is") == 3
    assert three.holding() == dict.fromkeys(NODES, 0)


PREFERENCE = """
import json, shutil, sys
import ray
from ray.util.placement_group import placement_group_table
from search.driver.connection import connected
from search.spec.sections import ResourcesSection
from search.staging.placement import holders, place

address, *hashes = sys.argv[2:]
one, all_at_once = ResourcesSection(concurrent=1), ResourcesSection()
with connected(address):
    nodes = {node["NodeID"]: node["NodeName"] for node in ray.nodes()} | {"": ""}
    sent = [holders(hashes, one, 6).take()]
    for copy in json.loads(sys.argv[1]):
        shutil.rmtree(copy)
    sent += [holders(hashes, *asked).take() for asked in ((all_at_once, 6), (one, 6), (all_at_once, 2))]
    groups = [place({"cpu": 1, "gpu": 0}, sent[-1]).to_placement_group() for _ in range(2)]
    ray.get([group.ready() for group in groups])
    places = [placement_group_table(group)["bundles_to_node_id"][0] for group in groups]
    print(json.dumps([nodes[node] for node in [*sent, *places]]))
"""


def test_trials_prefer_the_nodes_with_copies(three: Three, tmp_path: Path):
    three.empty()
    done = huetune("cluster", "stage", written_spec(tmp_path / "spec.yaml", three.data), "--address", three.address)
    assert done.returncode == 0
    hashes = [check_quick(beton).sha256 for beton in (three.data.train, three.data.val)]
    gone = json.dumps([str(three.stages[name].folder / hashes[0]) for name in ("head", "second")])
    command = [sys.executable, "-c", PREFERENCE, gone, three.address, *hashes]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603
    assert answer.returncode == 0, answer.stderr
    all_hold, none_is_left_idle, first, second, placed, elsewhere = json.loads(answer.stdout.splitlines()[-1])
    assert (all_hold, none_is_left_idle) == ("", "")
    assert (first, second, placed) == ("blind", "blind", "blind")
    assert elsewhere != "blind"  # which has room for one


@pytest.fixture(scope="module")
def bucket(betons: Betons) -> Iterator[str]:
    """Address of the photos in a bucket of a server that speaks S3."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        address = f"s3://me:secret@bucket/data?scheme=http&endpoint_override=127.0.0.1:{port}"
        store, path = fs.FileSystem.from_uri(address + "&allow_bucket_creation=true")
        store.create_dir(path)
        fs.copy_files(str(betons.train.parent), path, destination_filesystem=store)
        yield address
    finally:
        process.terminate()
        process.wait()


def test_photos_come_from_a_store_that_the_driver_need_not_mirror(three: Three, bucket: str, tmp_path: Path):
    three.empty()
    nowhere = Betons(tmp_path / "nowhere/train.beton", tmp_path / "nowhere/val.beton")
    spec = written_spec(tmp_path / "spec.yaml", nowhere)
    done = huetune("cluster", "stage", spec, "--address", three.address, "--from", bucket)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [cells[3] for cells in rows(done.stdout).values()] == ["s3://bucket/data"] * 3
    assert "secret" not in done.stdout
    assert three.holding() == dict.fromkeys(NODES, 2)
    lost = huetune("cluster", "stage", spec, "--address", three.address, "--from", bucket.replace("/data", "/other"))
    assert (lost.returncode, lost.stderr.count("\n")) == (1, 1)
    assert "there is no folder s3://bucket/other; check the address" in lost.stderr
