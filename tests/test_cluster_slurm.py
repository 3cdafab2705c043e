"""The file for sbatch, from what a user writes; tests/test_cluster_slurm_live.py runs such files."""

import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from live_sweeps import write_spec
from photos import Betons
from typer.testing import CliRunner

from cluster.commands import app
from cluster.launch.description import divided, read_description
from cluster.launch.job import SweepJob
from cluster.launch.slurm import batch_file, submit
from cluster.launch.slurm_config import SlurmCluster
from data.errors import HuetuneError
from search.spec.sweep_spec import SweepSpec

JOB = SweepJob(
    PurePosixPath("/shared/my sweeps/small.yaml"), "small", PurePosixPath("/shared/sweeps"), ("a.b=$(x) 'y'",)
)
LEAST: dict[str, Any] = {"nodes": 4, "cpus": 16, "hours": 24}


def directives(**changes: Any) -> list[str]:
    text = batch_file(JOB, SlurmCluster.model_validate(LEAST | changes))
    return [line.removeprefix("#SBATCH ") for line in text.splitlines() if line.startswith("#SBATCH ")]


def fault(**changes: Any) -> str:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - pydantic's
        SlurmCluster.model_validate(LEAST | changes)
    return str(error.value)


def test_what_is_asked_for_stands_in_the_directives():
    asked = directives(gpus=4, gpu_type="a100", memory_gib=240, hours=36.5, account="vision", exclude="node[07,12]")
    assert {"--nodes=4", "--cpus-per-task=16", "--gres=gpu:a100:4", "--mem=240G", "--time=36:30:00"} <= set(asked)
    assert {"--account=vision", "--exclude=node[07,12]", "--signal=B:USR1@180"} <= set(asked)
    assert not [line for line in directives() if line.startswith(("--gres", "--mem", "--account", "--partition"))]


def test_own_directives_come_last_so_that_they_win():
    assert directives(directives=["--exclusive", "--dependency=afterok:7"])[-2:] == [
        "--exclusive",
        "--dependency=afterok:7",
    ]


def test_the_file_is_bash_whatever_words_are_in_it(tmp_path: Path):
    odd = {"setup": ["module load cuda/12 # for torch"], "environment": {"A": "it's; $HOME `x`"}, "interface": "ib0"}
    cluster = SlurmCluster.model_validate(LEAST | odd | {"container": ["apptainer", "exec", "--nv", "my image.sif"]})
    file = tmp_path / "small.sh"
    file.write_text(batch_file(JOB, cluster))
    assert subprocess.run(["bash", "-n", file], capture_output=True, check=False).returncode == 0  # noqa: S603, S607
    text = file.read_text()
    assert "module load cuda/12 # for torch\n" in text
    assert """export A='it'"'"'s; $HOME `x`'\n""" in text
    assert "exec apptainer exec --nv 'my image.sif' ray start" in text
    assert "apptainer exec --nv 'my image.sif' huetune sweep run '/shared/my sweeps/small.yaml' --or-resume" in text
    assert """--set 'a.b=$(x) '"'"'y'"'"'' &\n""" in text
    assert "/bin:$PATH" not in text  # the image has its own


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path):
    file = tmp_path / "slurm.yaml"
    file.write_text("nodes: 0\ncpus: 8\nhours: 24\npartitions: gpu\naccount: my account\n")
    with pytest.raises(HuetuneError) as error:
        read_description(file, SlurmCluster, ["memory_gib=lots"])
    told = str(error.value)
    assert told.startswith(f"{file}, line 1: nodes: Input should be greater than or equal to 1 (got 0); ")
    assert "--set memory_gib=lots: memory_gib: " in told
    assert "line 4: partitions: unknown key; did you mean partition?" in told
    assert "line 5: account: must be one word" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"hours": 0.05}, "3 minutes leave no time to work"),
        ({"gpu_type": "a100"}, "gpu_type is given without gpus"),
        ({"container": ["apptainer"], "venv": "/venv"}, "venv is not read where there is a container"),
        ({"folder": "/shared/my jobs"}, "which sbatch does not take"),
        ({"folder": "~nobody-at-all/jobs"}, "without the ~"),
        ({"temp": "/local/scratch/of/this/user/and/job"}, "at most 18 characters"),
        ({"directives": ["exclusive"]}, "'exclusive' is no option"),
        ({"directives": ["--a\n#SBATCH --b"]}, "must be one line"),
        ({"environment": {"WANDB_API_KEY": "x"}}, "would lie in a file that others may read"),
        ({"environment": {"A B": "x"}}, "'A B' is no variable's name"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], told: str):
    assert told in fault(**changes)


def test_settings_are_of_the_cluster_or_of_the_sweep():
    assert divided(["nodes=2", "search.trials=9", "base.epochs=3"], SlurmCluster) == (
        ("nodes=2",),
        ("search.trials=9", "base.epochs=3"),
    )
    with pytest.raises(HuetuneError, match=r"^--set node=2: unknown key node; did you mean nodes\?$"):
        divided(["node=2"], SlurmCluster)


def test_no_key_of_the_cluster_is_one_of_a_sweep():
    assert not SlurmCluster.model_fields.keys() & SweepSpec.model_fields.keys()


def test_dry_run_prints_the_file_and_out_writes_it(betons: Betons, tmp_path: Path):
    spec, cluster = write_spec(tmp_path / "small.yaml", betons), tmp_path / "slurm.yaml"
    cluster.write_text(yaml.safe_dump(LEAST | {"folder": str(tmp_path / "jobs")}))
    words = ["slurm", spec, "--cluster", cluster, "--storage", tmp_path, "--set", "nodes=2", "--set", "search.trials=9"]
    command = [str(word) for word in words]
    printed = CliRunner().invoke(app, [*command, "--dry-run"], catch_exceptions=False)
    assert "#SBATCH --nodes=2\n" in printed.stdout
    assert f"--storage {tmp_path} --address auto --set search.trials=9 &\n" in printed.stdout
    assert not (tmp_path / "jobs").exists()
    CliRunner().invoke(app, [*command, "--out", str(tmp_path / "own.sh")], catch_exceptions=False)
    assert (tmp_path / "own.sh").read_text() == printed.stdout


def test_machine_without_slurm_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        HuetuneError, match=r"^there is no sbatch on this machine: run `sbatch /a\.sh` on the cluster's"
    ):
        submit(Path("/a.sh"))
