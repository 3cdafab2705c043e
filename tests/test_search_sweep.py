"""Whole sweeps as a user runs them: the command line, a real Ray, real files."""

import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from live_sweeps import huetune, results, start, wait_for_evaluation, wait_until, write_spec
from photos import Betons, make_photo
from PIL import Image

from search.records import read_sweep, trial_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


@pytest.fixture(scope="module")
def spec_file(betons: Betons, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_spec(tmp_path_factory.mktemp("spec") / "small.yaml", betons)


@pytest.fixture(scope="module")
def finished(spec_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The storage of a sweep that ran to its end."""
    storage = tmp_path_factory.mktemp("finished")
    run = huetune("sweep", "run", spec_file, storage=storage)
    assert run.returncode == 0, run.stderr
    return storage


def test_every_trial_leaves_its_records_checkpoints_and_tensorboard(finished: Path):
    sweep = read_sweep(finished / "small")
    assert [trial.number for trial in sweep.trials] == [0, 1, 2, 3]
    assert {trial.state.state for trial in sweep.trials} <= {"complete", "pruned"}
    for trial in sweep.trials:
        epochs = [evaluation.epoch for evaluation in trial.evaluations]
        assert epochs == list(range(1, len(epochs) + 1))
        assert (trial.state.state == "complete") == (epochs[-1] == 3)
        assert (trial.folder / "checkpoints" / "best-joint.pt").exists()
        assert list((trial.folder / "tensorboard").glob("events.out.tfevents.*"))
        assert Image.open(trial.folder / "samples.png").size == (96, 64)


def test_status_report_and_colorize_read_a_finished_sweep(finished: Path):
    status = huetune("sweep", "status", "small", storage=finished)
    assert "4 asked for" in status.stdout
    report = huetune("report", "small", storage=finished)
    assert Path(report.stdout.splitlines()[-1]).stat().st_size > 1_000_000
    photo = finished / "photo.jpg"
    make_photo("leaf", 99).save(photo)
    colorized = huetune("colorize", photo, "--from", "small", storage=finished)
    assert Image.open(finished / colorized.stdout.strip()).size == (64, 48)


def test_same_seed_gives_the_same_sweep_bit_for_bit(finished: Path, spec_file: Path, tmp_path: Path):
    assert huetune("sweep", "run", spec_file, storage=tmp_path).returncode == 0
    assert results(read_sweep(tmp_path / "small")) == results(read_sweep(finished / "small"))


def test_run_or_resume_goes_on_with_the_same_sweep_alone(finished: Path, spec_file: Path):
    again = huetune("sweep", "run", spec_file, "--or-resume", storage=finished)
    assert (again.returncode, "nothing is left to do" in again.stdout) == (0, True)
    other = huetune("sweep", "run", spec_file, "--or-resume", "--set", "search.seed=9", storage=finished)
    assert (other.returncode, "began with another search" in other.stderr) == (1, True)


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_sweep_says_how_to_go_on(sent: signal.Signals, status: int, spec_file: Path, tmp_path: Path):
    driver = start(spec_file, tmp_path, stderr=subprocess.PIPE)
    wait_for_evaluation(tmp_path, 0, driver)
    driver.send_signal(sent)
    _, errors = driver.communicate(timeout=60)
    assert driver.returncode == status
    assert errors.endswith(f"trials left; go on with `huetune sweep resume small --storage {tmp_path}`\n")


def test_second_driver_of_a_sweep_is_refused_and_a_dead_worker_costs_nothing(
    finished: Path, spec_file: Path, tmp_path: Path
):
    driver = start(spec_file, tmp_path)
    wait_for_evaluation(tmp_path, 0, driver)
    second = huetune("sweep", "resume", "small", storage=tmp_path)
    assert (second.returncode, f"is being run by process {driver.pid}" in second.stderr) == (1, True)
    worker = next(
        child for child in psutil.Process(driver.pid).children(recursive=True) if "ImplicitFunc" in child.name()
    )
    worker.kill()
    assert driver.wait(timeout=300) == 0
    sweep = read_sweep(tmp_path / "small")
    assert max(trial.state.attempts for trial in sweep.trials) == 2
    assert results(sweep) == results(read_sweep(finished / "small"))


def test_finished_sweep_resumes_to_nothing_and_its_name_is_taken(finished: Path, spec_file: Path):
    before = results(read_sweep(finished / "small"))
    assert huetune("sweep", "resume", "small", storage=finished).returncode == 0
    again = huetune("sweep", "run", spec_file, storage=finished)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "huetune sweep resume small" in again.stderr
    assert results(read_sweep(finished / "small")) == before


def test_sweep_in_which_every_trial_fails_is_an_error(betons: Betons, tmp_path: Path):
    spec = write_spec(tmp_path / "spec.yaml", betons, search={"trials": 2})
    status, errors = run_broken(spec, tmp_path, num_broken=2)
    assert status == 1
    assert "huetune: all 2 trials failed, the first because of CheckpointError: " in errors
    assert "last.pt is no whole checkpoint" in errors
    assert "go on with `huetune sweep resume small" in errors


def run_broken(spec: Path, storage: Path, num_broken: int) -> tuple[int, str]:
    """Exit status and errors of a sweep whose first trials find a checkpoint that is none."""
    driver = start(spec, storage, stderr=subprocess.PIPE)
    wait_until((storage / "small" / "sweep.json").exists, driver)  # Ray takes seconds until a trial begins
    for number in range(num_broken):
        broken = trial_folder(storage / "small", number) / "checkpoints" / "last.pt"
        broken.parent.mkdir(parents=True)
        broken.write_bytes(b"not a checkpoint")
    _, errors = driver.communicate(timeout=300)
    return driver.returncode, errors


def test_trial_that_fails_or_diverges_is_told_and_the_others_go_on(betons: Betons, tmp_path: Path):
    base = {
        "model": {"width": 0.125, "depth": 4},
        "evaluation": {"fid_images": 0, "samples": 2},
        "epochs": 1,
        "loss": {"classification": 1.0},
    }
    space = {"optimizer.generator_lr": [1e-3, 1e30], "loss.l1": {"log": [1, 300]}}
    spec = write_spec(tmp_path / "spec.yaml", betons, base=base, space=space, search={"trials": 6, "sampler": "random"})
    status, errors = run_broken(spec, tmp_path, num_broken=1)
    assert status == 0, errors
    trials = read_sweep(tmp_path / "small").trials
    assert (trials[0].state.state, "last.pt is no whole checkpoint" in trials[0].state.reason) == ("failed", True)
    for trial in trials[1:]:
        wild = trial.start.params["optimizer.generator_lr"] > 1
        assert trial.state.state == ("diverged" if wild else "complete")
    assert len({trial.state.state for trial in trials}) == 3
    (trials[0].folder / "checkpoints" / "last.pt").unlink()
    assert huetune("sweep", "resume", "small", storage=tmp_path).returncode == 0
    assert read_sweep(tmp_path / "small").trials[0].state.state in ("complete", "diverged")
