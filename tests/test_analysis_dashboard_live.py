"""`huetune dashboard` as a user runs it, asked over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from live_sweeps import start, wait_for_evaluation, write_spec
from photos import Betons
from recorded_sweeps import write_samples, write_sweep, write_trial
from sampled_sweeps import make_spec, open_study, run_trials
from torch.utils.tensorboard import SummaryWriter

from search.control.giving import give
from search.records import read_sweep, trial_folder

pytestmark = pytest.mark.slow


@contextmanager
def dashboards(folder: Path, *options: str) -> Iterator[tuple[list[str], psutil.Process]]:
    """What `huetune dashboard` prints before it serves; it is ended by Ctrl-C, and must leave nothing behind."""
    command = [sys.executable, "-m", "huetune", "dashboard", folder.name, "--storage", str(folder.parent), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        lines = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        family = psutil.Process(process.pid)
        children = family.children(recursive=True)
        yield lines, family
        process.send_signal(signal.SIGINT)
        assert (process.wait(timeout=20), process.stderr.read()) == (0, "")
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive
    finally:
        process.kill()
        process.wait()


def address(line: str) -> str:
    return line.split()[-1].split("/dashboard")[0].rstrip("/")


def asked(url: str, method: str = "GET", host: str | None = None) -> bytes:
    """host: another one than the address has, as a page of a foreign name would ask."""
    request = urllib.request.Request(url, method=method, headers={"Host": host} if host else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def trials(study: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(asked(f"{study}/api/studies/0"))["trials"]
    return found


def test_study_photos_and_curves_of_a_finished_sweep(tmp_path: Path):
    folder, spec = tmp_path / "sweep", make_spec()
    write_sweep(folder, spec.objectives, spec={"search": {}, "space": {"loss.l1": {"log": [1, 300]}}})
    run_trials(open_study(spec, folder), spec, folder, 3)
    photos = write_samples(trial_folder(folder, 1), [(1, 2, 3)])
    with SummaryWriter(str(trial_folder(folder, 1) / "tensorboard")) as writer:
        writer.add_scalar("metrics/l1", 0.5, 1)
    journal = (folder / "study.journal").read_bytes()
    with dashboards(folder) as (lines, family):
        study, tensorboard = map(address, lines[:2])
        assert {found.laddr.ip for found in family.net_connections() if found.status == "LISTEN"} == {"127.0.0.1"}
        assert lines[0].endswith("/dashboard/studies/0\n")
        assert b"<html" in asked(lines[0].split()[-1])
        assert [[one["filename"] for one in trial["artifacts"]] for trial in trials(study)] == [[], ["samples.png"], []]
        assert asked(f"{study}/artifacts/0/1/0001") == photos.read_bytes()
        for method, path in (("DELETE", "studies/0"), ("POST", "studies"), ("POST", "trials/0/tell")):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                asked(f"{study}/api/{path}", method)
        for url in (f"{study}/api/studies", f"{tensorboard}/data/runs"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                asked(url, host="evil.example")
        runs: list[str] = []
        while not runs:  # it reads its files in its own time
            runs = json.loads(asked(f"{tensorboard}/data/runs"))
            time.sleep(0.1)
        assert runs == ["0001/tensorboard"]
    assert (folder / "study.journal").read_bytes() == journal


def test_single_training_has_its_tensorboard_alone(tmp_path: Path):
    write_trial(write_sweep(tmp_path / "one", spec={"space": {}, "search": {}}), 0, [])
    with dashboards(tmp_path / "one") as (lines, _):
        assert lines[0] == "no study: one is a single training, which searches nothing\n"
        assert asked(f"{address(lines[1])}/data/runs") == b"[]"


def test_port_that_is_taken_is_an_error_of_one_line(tmp_path: Path):
    folder, spec = tmp_path / "sweep", make_spec()
    run_trials(open_study(spec, folder), spec, folder, 1)
    with dashboards(folder) as (lines, _):
        taken = address(lines[0]).rpartition(":")[2]
        command = [sys.executable, "-m", "huetune", "dashboard", "sweep", "--storage", str(tmp_path), "--port", taken]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
        assert (found.returncode, found.stderr.count("\n")) == (1, 1)
        assert f"cannot serve on port {taken}" in found.stderr


@pytest.mark.xdist_group("ray")
def test_dashboards_follow_a_sweep_that_runs_and_do_not_disturb_it(betons: Betons, tmp_path: Path):
    base = {"model": {"width": 0.125, "depth": 4}, "evaluation": {"fid_images": 0, "samples": 2}, "epochs": 1000}
    spec = write_spec(
        tmp_path / "spec.yaml",
        betons,
        objectives={"l1": "min"},
        base=base,
        space={"loss.l1": {"log": [1, 300]}},
        search={"trials": 3},
        pruning={"kind": "none"},
        resources={"cpu": os.cpu_count()},
    )
    driver, folder = start(spec, tmp_path), tmp_path / "small"
    wait_for_evaluation(tmp_path, 0, driver)
    with dashboards(folder) as (lines, _):
        study = address(lines[0])
        (first,) = trials(study)
        assert (first["state"], [one["filename"] for one in first["artifacts"]]) == ("Running", ["samples.png"])
        assert asked(f"{study}/artifacts/0/0/0000").startswith(b"\x89PNG")
        give(folder, "prune", (0,))
        wait_for_evaluation(tmp_path, 1, driver)
        while len(found := trials(study)) < 2:  # the dashboard asks its storage every two seconds
            time.sleep(0.2)
        assert [trial["state"] for trial in found] == ["Pruned", "Running"]
        give(folder, "stop")
        assert driver.wait(timeout=60) == 0
    assert [trial.state.state for trial in read_sweep(folder).trials] == ["pruned", "waiting"]
