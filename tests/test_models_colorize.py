"""Colorizing at full resolution, and checkpoints that cannot be trusted."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import color

from data.config import DataConfig
from models.colorize import NoColoursError, colorize
from models.config.trial import TrialConfig
from models.networks.generators import build_generator
from models.training.checkpoint import CheckpointError, Trained, load_checkpoint, save_checkpoint


def trial(loss: dict[str, Any] | None = None, **model: Any) -> TrialConfig:
    data = DataConfig(train="train.beton", val="val.beton")
    return TrialConfig(data=data, model={"width": 0.125, **model}, loss=loss or {})


@pytest.mark.parametrize("head", ["pooled", "flattened"])
@pytest.mark.parametrize("size", [(301, 177), (40, 400), (64, 64), (5, 7)])
def test_photo_keeps_its_size_and_its_lightness(size: tuple[int, int], head: str):
    torch.manual_seed(0)
    config = trial({"classification": 1.0}, depth=4, head=head)
    generator = build_generator(config, 3, 32).eval()
    height_ramp = np.linspace(40, 200, size[0] * size[1]).reshape(size[1], size[0])
    photo = Image.fromarray(np.repeat(height_ramp[..., None], 3, axis=2).astype(np.uint8))
    result = colorize(photo, Trained(generator, config, 3, 32))
    assert result.size == photo.size
    before, after = color.rgb2lab(np.array(photo))[..., 0], color.rgb2lab(np.array(result))[..., 0]
    assert np.abs(before - after).max() < 1.0  # an untrained network stays inside the gamut; 8 bits round


def test_a_classifier_alone_colorizes_nothing():
    config = trial({"l1": 0, "adversarial": "none", "classification": 1.0}, depth=4)
    trained = Trained(build_generator(config, 3, 32).eval(), config, 3, 32)
    with pytest.raises(NoColoursError, match="to classify only"):
        colorize(Image.new("RGB", (40, 30)), trained)


def test_checkpoint_with_code_in_it_is_refused(tmp_path: Path):
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "harmed"),))

    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps(Harmful(), protocol=2))
    with pytest.raises(CheckpointError, match="is no whole checkpoint"):
        load_checkpoint(path)
    assert not (tmp_path / "harmed").exists()


def test_truncated_or_missing_checkpoint_is_named(tmp_path: Path):
    path = tmp_path / "last.pt"
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_checkpoint(path)
    save_checkpoint(path, {"epoch": 1, "weights": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"last\.pt is no whole checkpoint"):
        load_checkpoint(path)
