"""Sweeps handed in to a real head with a token, followed, left, stopped, and gone on with."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from photos import Betons
from ray.job_submission import JobDetails, JobStatus, JobSubmissionClient
from ray_head import Head, ray_head

from search.records import read_sweep

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("ray")]
RUNNING_S = 240
HUETUNE = [sys.executable, "-m", "huetune"]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    with ray_head(tmp_path_factory.mktemp("head")) as started:
        yield started


def spec(folder: Path, betons: Betons, name: str, epochs: int = 1) -> Path:
    """Next to its photos, which it names by relative paths."""
    for file in (betons.train, betons.val):
        for part in file.parent.glob(f"{file.name}*"):
            shutil.copy(part, folder)
    content = {
        "name": name,
        "data": {"train": betons.train.name, "val": betons.val.name, "batch_size": 8},
        "objectives": {"l1": "min"},
        "base": {
            "model": {"depth": 4, "width": 0.125},
            "epochs": epochs,
            "evaluation": {"fid_images": 0},
            "early_stopping": {"colorization": {"patience": epochs}},
        },
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 9},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def submit(path: Path, head: Head, storage: Path, *options: str) -> list[str]:
    place = ["--address", head.dashboard, "--storage", str(storage), "--python", sys.executable]
    return [*HUETUNE, "cluster", "submit", str(path), *place, "--set", "search.trials=2", *options]


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=RUNNING_S, env=environment)  # noqa: S603


def job(head: Head, identifier: str) -> JobDetails:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_API_SERVER_ADDRESS", head.dashboard)
        token = {"Authorization": f"Bearer {head.token_file.read_text()}"}
        return JobSubmissionClient(head.dashboard, headers=token).get_job_info(identifier)


def test_sweep_is_followed_to_its_end_and_goes_on_when_handed_in_again(head: Head, betons: Betons, tmp_path: Path):
    path = spec(tmp_path, betons, "followed")
    first = run(submit(path, head, tmp_path / "sweeps"), head.environment)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "job huetune-followed-1: `ray job logs --follow huetune-followed-1`" in first.stdout
    assert f"records in {tmp_path}/sweeps/followed" in first.stdout
    trials = read_sweep(tmp_path / "sweeps/followed").trials
    assert [trial.state.state for trial in trials] == ["complete"] * 2
    again = run(submit(path, head, tmp_path / "sweeps", "--no-follow", "--wait"), head.environment)
    assert (again.returncode, again.stdout.count("\n")) == (0, 1), again.stdout + again.stderr
    assert [trial.number for trial in read_sweep(tmp_path / "sweeps/followed").trials] == [0, 1]
    token = head.token_file.read_text()
    texts = [file.read_bytes() for file in (tmp_path / "sweeps").rglob("*") if file.is_file()]
    assert not any(token.encode() in text for text in [*texts, (first.stdout + again.stdout).encode()])


def test_ctrl_c_leaves_it_running_and_a_second_is_refused(head: Head, betons: Betons, tmp_path: Path):
    path = spec(tmp_path, betons, "left", epochs=400)
    command = submit(path, head, tmp_path / "sweeps")
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=head.environment)  # noqa: S603
    assert follower.stdout is not None
    seen = follower.stdout.readline() + next(line for line in follower.stdout if "records in" in line)
    follower.send_signal(signal.SIGINT)
    rest = follower.communicate(timeout=RUNNING_S)[0]
    assert (follower.returncode, "Traceback" in seen + rest) == (130, False)
    assert "job huetune-left-1 runs on: `ray job logs --follow huetune-left-1`, `ray job stop huetune-left-1`" in rest
    assert JobStatus(job(head, "huetune-left-1").status) == JobStatus.RUNNING
    second = run(command, head.environment)
    assert (second.returncode, second.stderr.count("\n")) == (1, 1)
    assert "the sweep 'left' runs already, as job huetune-left-1" in second.stderr
    require_clean_stop(head, tmp_path / "sweeps/left")


def require_clean_stop(head: Head, sweep: Path) -> None:
    """`ray job stop`, as the user is told to."""
    while not any(trial.evaluations for trial in read_sweep(sweep).trials):
        time.sleep(0.2)
    ray = Path(sys.executable).with_name("ray")
    run([str(ray), "job", "stop", "huetune-left-1", "--address", head.dashboard], head.environment)
    assert JobStatus(job(head, "huetune-left-1").status) == JobStatus.STOPPED
    assert all(trial.state.state != "failed" for trial in read_sweep(sweep).trials)


def test_job_that_fails_hands_on_its_exit_status(head: Head, betons: Betons, tmp_path: Path):
    path = spec(tmp_path, betons, "failing")
    path.write_text(path.read_text().replace(betons.train.name, "nowhere.beton"))
    failed = run(submit(path, head, tmp_path / "sweeps"), head.environment)
    assert failed.returncode == 1
    assert "nowhere.beton" in failed.stdout
    assert "huetune: job huetune-failing-1 failed with exit status 1" in failed.stderr
    no_python = run(submit(path, head, tmp_path / "sweeps", "--python", "no-python"), head.environment)
    assert no_python.returncode == 127
    assert "found no such Python on the head" in no_python.stderr


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"RAY_AUTH_TOKEN_PATH": "", "RAY_AUTH_TOKEN": "0123"}, "does not let us in"),
        ({"RAY_AUTH_TOKEN_PATH": "", "RAY_AUTH_MODE": "disabled"}, "does not let us in"),
        ({"RAY_AUTH_TOKEN_PATH": "/nowhere/token"}, "does not let us in"),
    ],
    ids=["wrong", "none", "lost"],
)
def test_wrong_token_is_one_line(head: Head, betons: Betons, tmp_path: Path, variables: dict[str, str], words: str):
    path = spec(tmp_path, betons, "refused")
    environment = {name: value for name, value in (head.environment | variables).items() if value}
    for command in (
        submit(path, head, tmp_path),
        [*HUETUNE, "sweep", "run", str(path), "--address", head.address, "--storage", str(tmp_path)],
    ):
        refused = run(command, environment)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert "RAY_AUTH_TOKEN_PATH" in refused.stderr
        assert words in refused.stderr or "sweep" in command
    assert not (tmp_path / "refused").exists()


def test_place_that_is_no_dashboard_is_one_line(head: Head, betons: Betons, tmp_path: Path):
    path = spec(tmp_path, betons, "nowhere")
    for address, words in {
        "http://127.0.0.1:1": "nothing answers at --address http://127.0.0.1:1",
        f"http://{head.address}": "nothing answers",
        head.address: "give http://HEAD:8265",
    }.items():
        command = [*HUETUNE, "cluster", "submit", str(path), "--address", address, "--storage", str(tmp_path)]
        refused = run(command, head.environment)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert words in refused.stderr
