"""A running sweep, told from other processes what to do, on workers that die."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from live_sweeps import huetune, start, wait_for_evaluation, wait_until, write_spec
from photos import Betons

from search.control.giving import give
from search.records import State, read_evaluations, read_sweep, read_trial, trial_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


def state_of(storage: Path, number: int) -> State:
    folder = trial_folder(storage / "small", number)
    return read_trial(folder).state.state if (folder / "trial.json").exists() else "waiting"


def test_running_sweep_obeys(betons: Betons, tmp_path: Path):
    base = {"model": {"width": 0.125, "depth": 4}, "evaluation": {"fid_images": 0, "samples": 2}, "epochs": 1000}
    spec = write_spec(
        tmp_path / "spec.yaml",
        betons,
        objectives={"l1": "min"},
        base=base,
        space={"loss.l1": {"log": [1, 300]}},
        search={"trials": 3},
        pruning={"kind": "none"},
        resources={"cpu": max(1, (os.cpu_count() or 1) // 2)},
    )
    driver, folder = start(spec, tmp_path, stderr=subprocess.PIPE), tmp_path / "small"
    for number in (0, 1):
        wait_for_evaluation(tmp_path, number, driver)
    assert "pauses at its next evaluation" in give(folder, "pause", (0,), why="first the others")
    wait_until(lambda: state_of(tmp_path, 0) == "paused", driver)
    wait_for_evaluation(tmp_path, 2, driver)
    give(folder, "kill", (1,))
    wait_until(lambda: state_of(tmp_path, 1) == "pruned", driver)
    before = len(read_evaluations(trial_folder(folder, 0)))
    give(folder, "unpause", (0,))
    wait_until(lambda: len(read_evaluations(trial_folder(folder, 0))) > before + 1, driver)
    give(folder, "prune", (2,))
    assert give(folder, "enqueue", values={"like": 0, "values": {"loss.l1": 77.0}}) == "it is trial 3"
    wait_for_evaluation(tmp_path, 3, driver)
    status = json.loads(huetune("sweep", "status", "small", "--json", storage=tmp_path).stdout)
    assert {name: count for name, count in status["states"].items() if count} == {"running": 2, "pruned": 2}
    give(folder, "stop", why="enough")
    assert (driver.wait(timeout=60), driver.stderr and driver.stderr.read()) == (0, "")
    assert [trial.state.state for trial in read_sweep(folder).trials] == ["waiting", "pruned", "pruned", "waiting"]
    kinds = [json.loads(line)["order"]["kind"] for line in (folder / "control" / "log.jsonl").read_text().splitlines()]
    assert kinds == ["pause", "kill", "unpause", "prune", "enqueue", "stop"]


def test_extended_sweep_does_more_and_says_since_when(betons: Betons, tmp_path: Path):
    spec = write_spec(tmp_path / "spec.yaml", betons, search={"trials": 1})
    assert huetune("sweep", "run", spec, storage=tmp_path).returncode == 0
    other = tmp_path / "space.yaml"
    other.write_text("space: {loss.l1: {log: [100, 200]}, loss.adversarial: [lsgan]}")
    more = huetune("sweep", "extend", "small", "--trials", 1, "--space", other, "--why", "closer", storage=tmp_path)
    assert more.returncode == 0, more.stderr
    first, later = read_sweep(tmp_path / "small").trials
    assert first.start.params["loss.adversarial"] in ("bce", "wgan-gp")
    assert (later.start.params["loss.adversarial"], 100 <= later.start.params["loss.l1"] <= 200) == ("lsgan", True)
    (change,) = read_sweep(tmp_path / "small").record.lineage
    assert (change.why, change.num_trials) == ("closer", 1)
    assert change.what == f"1 more trials; the space of {other}"


SWEEP_ON_TWO_NODES = """
import subprocess, sys, time
from pathlib import Path
from ray.cluster_utils import Cluster
from search.records import read_evaluations, trial_folder

spec, storage = sys.argv[1], Path(sys.argv[2])
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
node = cluster.add_node(num_cpus=1)
command = [sys.executable, "-m", "huetune", "sweep", "run", spec, "--address", cluster.address]
driver = subprocess.Popen([*command, "--storage", str(storage)])
while not read_evaluations(trial_folder(storage / "small", 0)):
    assert driver.poll() is None, "the sweep ended too early"
    time.sleep(0.05)
cluster.remove_node(node)
cluster.add_node(num_cpus=1)
sys.exit(driver.wait())
"""


def test_lost_node_costs_no_evaluation_and_no_retry(betons: Betons, tmp_path: Path):
    changes: dict[str, Any] = {"search": {"trials": 1}, "resources": {"cpu": 1}, "failures": {"worker_death": 0}}
    base = {"model": {"width": 0.125, "depth": 4}, "evaluation": {"fid_images": 0, "samples": 2}, "epochs": 40}
    objectives, space = {"l1": "min"}, {"loss.l1": {"log": [1, 300]}}
    spec = write_spec(tmp_path / "spec.yaml", betons, base=base, objectives=objectives, space=space, **changes)
    command = [sys.executable, "-c", SWEEP_ON_TWO_NODES, str(spec), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)  # noqa: S603
    assert run.returncode == 0, run.stderr
    (trial,) = read_sweep(tmp_path / "small").trials
    assert (trial.state.state, trial.state.failures) == ("complete", {"lost-node": 1})
    assert [evaluation.epoch for evaluation in trial.evaluations] == list(range(1, 41))


def test_worker_killed_by_the_memory_monitor_is_a_failure_of_its_trial(betons: Betons, tmp_path: Path):
    """The monitor of a node whose memory counts as full from the start kills whatever runs there."""
    spec = write_spec(tmp_path / "spec.yaml", betons, search={"trials": 1}, failures={"host_memory": 0})
    os_environment = os.environ | {
        "RAY_memory_usage_threshold": f"{psutil.virtual_memory().percent / 100 * 0.5:.4f}",
        "RAY_memory_monitor_refresh_ms": "100",
    }
    command = [sys.executable, "-m", "huetune", "sweep", "run", str(spec), "--storage", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=os_environment)  # noqa: S603
    (trial,) = read_sweep(tmp_path / "small").trials
    assert (trial.state.state, trial.state.cause) == ("failed", "host-memory")
    assert run.returncode == 1
    assert "the node ran out of memory" in run.stderr
