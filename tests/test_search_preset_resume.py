"""Every preset goes on from any of its evaluations as if nothing had happened, to the last bit."""

from pathlib import Path

import pytest
import torch
from small_presets import small
from small_trials import run, same

from models.config.trial import TrialConfig
from search.single.configuration import single_config
from search.spec.preset import presets

pytestmark = pytest.mark.slow

SIDE = 64


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished one, for the preset that begins with it."""
    folder = tmp_path_factory.mktemp("colorizer")
    run(small_config("bins-rebalanced-soft", folder), folder, side=SIDE)
    return folder / "last.pt"


def small_config(name: str, colorizer: Path) -> TrialConfig:
    # Twice an epoch, so that a break falls into one, and the average and the clipping that no preset has.
    more = ["evaluation.per_epoch=2", "data.batch_size=4", "optimizer.ema_decay=0.9", "optimizer.clip_norm=1.0"]
    if name == "discriminator-finetune":
        more += [f"start_from={colorizer}", "phases.1.hardest=8"]
    files = {"train": Path("train.beton"), "val": Path("val.beton")}
    return single_config(name, files, [*small(name), *more])


@pytest.mark.parametrize("name", presets())
def test_preset_broken_off_at_any_evaluation_ends_the_same(name: str, colorizer: Path, tmp_path: Path):
    config = small_config(name, colorizer)
    whole = run(config, tmp_path / "whole", side=SIDE)
    assert whole[-1].finished == "epochs"
    for number in range(1, len(whole)):
        folder = tmp_path / f"broken-{number}"
        run(config, folder, stop_after=number, side=SIDE)
        torch.manual_seed(12345)  # whatever happened in between
        assert run(config, folder, side=SIDE) == whole[number - 1 :]
        ends = [torch.load(path / "last.pt", weights_only=True) for path in (tmp_path / "whole", folder)]
        assert same(*ends)
