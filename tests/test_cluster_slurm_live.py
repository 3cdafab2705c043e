"""Sweeps as jobs of a real Slurm: at their time limit, when nodes die, and stopped by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from live_sweeps import huetune, write_spec
from photos import Betons
from slurm_cluster import CPUS_OF_NODE, OBSTACLE, SlurmNodes, command, job, slurm, wait_until

from search.records import Sweep, read_evaluations, read_sweep, trial_folder

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE),
]
NUM_TRIALS, NUM_EPOCHS = 5, 4


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmNodes]:
    folder = tmp_path_factory.mktemp("slurm")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        environment.setenv("OMP_NUM_THREADS", "1")
        with slurm(folder) as nodes:
            yield nodes


@pytest.fixture
def spec_file(betons: Betons, tmp_path: Path) -> Path:
    base = {"model": {"width": 0.125, "depth": 4}, "loss": {"classification": 1.0}, "epochs": NUM_EPOCHS}
    return write_spec(
        tmp_path / "small.yaml",
        betons,
        base=base | {"evaluation": {"fid_images": 0, "samples": 2}},
        search={"trials": NUM_TRIALS, "seed": 1},
        pruning={"kind": "none"},
        resources={"cpu": CPUS_OF_NODE},
    )


def submit(on: SlurmNodes, spec_file: Path, **changes: object) -> str:
    """The number of the job that runs the sweep on two nodes, with its files beside the sweep file."""
    folder = spec_file.parent
    asked = {"nodes": 2, "cpus": CPUS_OF_NODE, "hours": 1, "stop_s": 30}
    asked |= {"folder": str(folder / "jobs"), "temp": str(on.temp)}
    (folder / "slurm.yaml").write_text(yaml.safe_dump(asked | changes))
    (folder / "sweeps").mkdir(exist_ok=True)
    done = huetune("cluster", "slurm", spec_file, "--cluster", folder / "slurm.yaml", storage=folder / "sweeps")
    assert done.returncode == 0, done.stderr
    return done.stdout.partition(":")[0].removeprefix("job ")


def log(spec_file: Path, number: str) -> str:
    return (spec_file.parent / "jobs" / f"small-{number}.log").read_text()


def sweep(spec_file: Path) -> Sweep:
    return read_sweep(spec_file.parent / "sweeps" / "small")


def wait_for_evaluation(spec_file: Path, trial: int) -> None:
    folder = trial_folder(spec_file.parent / "sweeps" / "small", trial)
    wait_until(lambda: read_evaluations(folder))


def wait_for(number: str, state: str) -> dict[str, str]:
    wait_until(lambda: job(number)["JobState"] == state)
    return job(number)


def assert_each_trained_once(spec_file: Path) -> None:
    trials = sweep(spec_file).trials
    assert [trial.state.state for trial in trials] == ["complete"] * NUM_TRIALS
    for trial in trials:
        assert [evaluation.epoch for evaluation in trial.evaluations] == list(range(1, NUM_EPOCHS + 1))


def minutes_run(number: str) -> int:
    hours, minutes, _ = job(number)["RunTime"].split(":")
    return int(hours) * 60 + int(minutes)


def test_a_sweep_longer_than_the_time_limit_is_requeued_and_goes_on_to_its_end(nodes: SlurmNodes, spec_file: Path):
    number = submit(nodes, spec_file)
    wait_for_evaluation(spec_file, trial=1)
    # The end comes near: how long trials take depends on the machine that runs this test.
    command("scontrol", "update", f"JobId={number}", f"TimeLimit={minutes_run(number) + 2}")
    wait_until(lambda: job(number)["Restarts"] == "1")
    command("scontrol", "update", f"JobId={number}", "TimeLimit=60")
    ended = wait_for(number, "COMPLETED")

    assert (ended["Restarts"], ended["ExitCode"]) == ("1", "0:0")
    assert "time limit: the sweep is asked to stop" in log(spec_file, number)
    assert_each_trained_once(spec_file)


def test_a_machine_that_dies_ends_no_sweep_and_the_first_one_brings_it_back(nodes: SlurmNodes, spec_file: Path):
    number = submit(nodes, spec_file)
    wait_for_evaluation(spec_file, trial=1)
    nodes.kill("n2")
    wait_for_evaluation(spec_file, trial=2)
    assert job(number)["Restarts"] == "0"

    nodes.start("n2")
    nodes.kill("n1")
    ended = wait_for(number, "COMPLETED")
    nodes.start("n1")

    assert (ended["Restarts"], ended["NodeList"]) == ("1", "n[2-3]")
    assert_each_trained_once(spec_file)


def test_a_job_told_to_stop_ends_and_submitted_again_goes_on(nodes: SlurmNodes, spec_file: Path):
    for node in nodes.daemons:
        nodes.wait_until_idle(node)
    number = submit(nodes, spec_file, nodes=1)
    wait_for_evaluation(spec_file, trial=0)
    assert [file.stat().st_mode & 0o777 for file in (spec_file.parent / "jobs").glob(".token-*")] == [0o600]
    token = next((spec_file.parent / "jobs").glob(".token-*")).read_text()
    assert token not in command("ps", "-eww", "-o", "args")
    command("scancel", "--signal=TERM", "--batch", number)
    ended = wait_for(number, "FAILED")

    assert (ended["Restarts"], ended["ExitCode"]) == ("0", "143:0")
    written = [path for path in spec_file.parent.rglob("*") if path.is_file()]
    assert spec_file in written
    assert not [path for path in written if path.name.startswith(".token") or token.encode() in path.read_bytes()]
    assert wait_for(submit(nodes, spec_file), "COMPLETED")["Restarts"] == "0"
    assert_each_trained_once(spec_file)
