"""What differs on a GPU: every tensor on the device, checkpoints to and fro, shares of memory."""

from pathlib import Path

import pytest
import torch
from photos import Betons

from data.colour import rgb_to_lab
from data.config import DataConfig
from data.loaders import open_loader
from models.config import TrialConfig
from models.fid_reference import fid_reference
from models.state import TrainingState
from models.training import train
from models.validation import Validation

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def test_batches_equal_those_of_the_cpu(betons: Betons):
    config = DataConfig(train=betons.train, val=betons.val, batch_size=8, image_size=16)
    loaders = [
        open_loader(betons.train, config, training=True, seed=3, device=torch.device(d)) for d in ("cpu", "cuda")
    ]
    for expected, found in zip(*(loader.epoch(1) for loader in loaders), strict=True):
        assert found.ab.device.type == "cuda"
        torch.testing.assert_close(found.lightness.cpu(), expected.lightness, atol=1e-4, rtol=0)
        torch.testing.assert_close(found.ab.cpu(), expected.ab, atol=1e-4, rtol=0)
        assert torch.equal(found.label.cpu(), expected.label)
    for loader in loaders:
        loader.close()


def test_labs_matrix_is_not_rounded_to_half_precision(monkeypatch: pytest.MonkeyPatch):
    rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = rgb_to_lab(rgb)
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", True)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        found = rgb_to_lab(rgb.cuda())
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("adversarial", ["bce", "wgan-gp"])
@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_trial_trains_validates_with_fid_and_resumes(adversarial: str, weighting: str, betons: Betons, tmp_path: Path):
    cuda = torch.device("cuda")
    config = TrialConfig.model_validate(
        {
            "data": {"train": betons.train, "val": betons.val, "batch_size": 8},
            "model": {"width": 0.25, "depth": 5},
            "loss": {"classification": 1.0, "adversarial": adversarial, "weighting": weighting},
            "epochs": 2,
        }
    )
    batches = open_loader(betons.train, config.data, training=True, seed=0, device=cuda)
    val = open_loader(betons.val, config.data, training=False, seed=0, device=cuda)
    validation = Validation(val, 3, fid_reference(betons.val, val.manifest, val, 9, 32, cuda), cuda)
    first = next(iter(train(TrainingState(config, 3, 32, cuda), batches, validation, tmp_path)))
    again, last = train(TrainingState(config, 3, 32, cuda), batches, validation, tmp_path)
    assert again == first
    assert last.finished == "epochs"
    assert set(last.metrics) == {"fid", "accuracy", "l1", "psnr", "ssim"}
    assert validation.samples(TrainingState(config, 3, 32, cuda).generator, 2).shape == (2, 3, 3, 32, 32)
    batches.close()
    val.close()
