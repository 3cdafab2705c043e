"""The front door: what a user sees first, and what a wrong input says."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from photos import Betons

from huetune import main


def huetune(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "huetune", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_help_names_every_command():
    shown = huetune("--help")
    assert shown.returncode == 0
    for command in ("data", "sweep", "train", "presets", "report", "colorize", "cluster"):
        assert f" {command} " in shown.stdout


def spec(path: Path, betons: Betons, **changes: object) -> Path:
    content = {
        "name": "x",
        "data": {"train": str(betons.train), "val": str(betons.val), "batch_size": 8},
        "objectives": {"l1": "min"},
        "base": {"model": {"depth": 5, "width": 0.125}},
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 1},
    }
    path.write_text(yaml.safe_dump(content | changes))
    return path


WRONG: dict[str, tuple[str, str]] = {
    "unknown key": ("sweep run a.yaml", "bugdet: unknown key; did you mean budget?"),
    "missing file": ("sweep run b.yaml", "no.beton is not a file"),
    "damaged file": ("sweep run c.yaml", "is truncated"),
    "photos too small": ("sweep run d.yaml", "multiples of 256 px"),
    "no such sweep": ("sweep status nothing", "no sweep 'nothing'"),
    "name that is a path": ("sweep resume ../x", "cannot be a sweep's name"),
    "no such preset": ("train cgan-unett --data d", "did you mean cgan-unet?"),
    "no data": ("train cgan-unet --data nowhere", "train.beton is not a file"),
    "preset for larger photos": ("train cgan-unet --data good", "multiples of 256 px"),
    "no such photo": ("colorize no.jpg --from nothing", "no photo no.jpg"),
    "nowhere to write photos": ("colorize no.jpg --from nothing --out s3://k:y@b/x", "--out s3:/... is an address"),
    "nowhere to export": ("export nothing --out gs://bucket/x", "--out gs:/... is an address"),
    "nowhere to report": ("report nothing --out s3://bucket/x", "--out s3:/... is an address"),
    "report into a file": ("report nothing --out a.yaml", "a.yaml is a file"),
    "unknown order": ("report nothing --order fidd", "unknown metric or order fidd"),
    "unknown evaluation": ("report nothing --counts lats", "is unknown; did you mean last?"),
    "nothing to evaluate": ("evaluate nothing --data good/val.beton", "no sweep 'nothing'"),
    "nothing to evaluate on": ("evaluate gray --data no.beton", "no.beton is not a file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_line_and_exit_status_1(
    case: str, betons: Betons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    truncated = tmp_path / "val.beton"
    truncated.write_bytes(betons.val.read_bytes()[:-100])
    (tmp_path / "val.beton.json").write_bytes((betons.val.parent / "val.beton.json").read_bytes())
    (tmp_path / "good").symlink_to(betons.train.parent)
    data = {"train": str(betons.train), "val": str(betons.val)}
    spec(tmp_path / "a.yaml", betons, bugdet={})
    spec(tmp_path / "b.yaml", betons, data=data | {"val": "no.beton"})
    spec(tmp_path / "c.yaml", betons, data=data | {"val": str(truncated)})
    spec(tmp_path / "d.yaml", betons, base={})
    command, words = WRONG[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["huetune", *command.split(), "--storage", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_too_large_a_request_is_refused_before_the_sweep_starts(betons: Betons, tmp_path: Path):
    path = spec(tmp_path / "gpu.yaml", betons, resources={"gpu": 64})
    failed = huetune("sweep", "run", path, "--storage", tmp_path)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "64 GPU, but the nodes have" in failed.stderr
    assert not (tmp_path / "x").exists()
