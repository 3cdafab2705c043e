"""What `huetune train` is asked for: presets, files, values set one by one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from search.errors import SpecError
from search.single.configuration import data_files, single_config
from search.single.train import asked_for

DATA = {"train": Path("/data/train.beton"), "val": Path("/data/val.beton")}


def write(path: Path, **content: Any) -> str:
    path.write_text(yaml.safe_dump(content))
    return str(path)


def test_preset_with_values_set():
    settings = ["loss.l1=50", "phases.1.learning_rates.encoder=1e-5", "evaluation.lpips=alex", "phases.0.trains=[head]"]
    config = single_config("multitask-resnet18", DATA, settings)
    assert (config.loss.l1, config.loss.classification, config.evaluation.lpips) == (50, 10, "alex")
    assert [phase.learning_rates for phase in config.phases] == [{}, {"encoder": 1e-5}]
    assert config.phases[0].trains == ("head",)
    assert (config.data.train, config.data.batch_size) == (DATA["train"], 16)


def test_file_with_and_without_a_preset_below(tmp_path: Path):
    data = {"train": "photos/train.beton", "val": "~/val.beton"}
    source = write(tmp_path / "mine.yaml", base="cgan-unet", data=data, loss={"l1": 10})
    config = single_config(source, {}, [])
    assert (config.data.train, config.data.val) == (tmp_path / "photos/train.beton", Path.home() / "val.beton")
    assert (config.loss.l1, config.epochs, config.data.batch_size) == (10, 300, 16)
    assert single_config(write(tmp_path / "plain.yaml", data=data, epochs=3), {}, []).epochs == 3
    assert single_config(source, DATA, []).data.val == DATA["val"]


def test_set_null_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    config = single_config(
        "bins-plain", DATA, ["data.crop=null", "data.unlabelled=more.beton", "data.unlabelled_share=.5"]
    )
    assert (config.data.crop, config.data.unlabelled) == (None, tmp_path / "more.beton")


def test_metrics_that_were_asked_for_are_shown():
    plain = single_config("cgan-unet", DATA, ["evaluation.fid_images=9"])
    assert asked_for(plain.evaluation) == []
    more = ["evaluation.kid=true", "evaluation.lpips=alex", "evaluation.classifier=vgg16"]
    config = single_config("cgan-unet", DATA, ["evaluation.fid_images=9", *more])
    assert asked_for(config.evaluation) == ["kid", "lpips", "classifier_top1", "classifier_agreement"]


def test_data_by_folder_or_file():
    assert data_files(Path("d"), None, None) == {"train": Path("d/train.beton"), "val": Path("d/val.beton")}
    assert data_files(Path("d"), None, Path("x.beton")) == {"train": Path("d/train.beton"), "val": Path("x.beton")}
    assert data_files(None, Path("t"), None) == {"train": Path("t")}


@pytest.mark.parametrize(
    ("source", "settings", "words"),
    [
        ("cgan-unett", [], r"no preset 'cgan-unett'; did you mean cgan-unet\?"),
        ("nowhere.yaml", [], "no configuration file nowhere.yaml"),
        ("cgan-unet", ["loss.l11=3"], r"--set loss\.l11=3: unknown key loss\.l11; did you mean loss\.l1\?"),
        ("cgan-unet", ["loss.l1"], r"--set loss\.l1: is no setting; give KEY=VALUE"),
        ("cgan-unet", ["loss.l1=-1"], r"cgan-unet: loss\.l1: .*greater than or equal to 0"),
        ("cgan-unet", ["loss.l1=[1"], r"--set loss\.l1=\[1: .* no YAML value"),
        ("cgan-unet", ["phases.0.epochs=1"], "there are no phases"),
        ("multitask-resnet18", ["phases.2.epochs=1"], "there are 2 phases, counted from 0"),
        ("multitask-resnet18", ["epochs=4"], "phases have lengths of their own: remove epochs"),
    ],
)
def test_mistake_is_told_in_one_line(source: str, settings: list[str], words: str):
    with pytest.raises(SpecError, match=words) as caught:
        single_config(source, DATA, settings)
    assert "\n" not in str(caught.value)


def test_missing_data_are_told(tmp_path: Path):
    with pytest.raises(SpecError, match=r"data\.val is missing; give --data FOLDER, or --val FILE\.beton"):
        single_config("cgan-unet", {"train": Path("t.beton")}, [])
    with pytest.raises(SpecError, match="base is 3; give the name of a preset"):
        single_config(write(tmp_path / "x.yaml", base=3), DATA, [])
