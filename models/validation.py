"""Validation of a generator: FID, accuracy, L1, PSNR, SSIM, and sample images.

accuracy  share of the labelled photos whose class is right
l1        mean absolute error of ab in units of 110, whatever the normalisation (×100 is the figure of the papers)
psnr      in dB, of RGB in 0 to 1, mean over the photos
ssim      of RGB in 0 to 1, mean over the photos (Wang et al. 2004)
fid       Fréchet Inception Distance between the first N photos and their colorizations, see fid.py
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

from data.batch import Batch, Batches
from data.colour import AB_SCALES, to_rgb
from models.colorizer import Colorizer
from models.fid import frechet_distance, to_uint8
from models.fid_reference import FidReference


class Validation:
    """Measures a generator on the validation photos. `fid` None: without FID."""

    def __init__(self, batches: Batches, num_classes: int, fid: FidReference | None, device: torch.device) -> None:
        self._batches, self._fid, self._device = batches, fid, device
        self._num_classes = num_classes

    @torch.no_grad()
    def __call__(self, generator: Colorizer) -> dict[str, float]:
        """Metrics by name; `accuracy` only for a generator with a classification head."""
        meters = self._meters(with_accuracy=generator.head is not None)
        error, num_values = torch.zeros((), dtype=torch.float64, device=self._device), 0
        features: list[Tensor] = []
        generator.eval()
        for batch in self._batches.epoch(0):
            prediction = generator(batch.lightness)
            fake = to_rgb(batch.lightness, prediction.ab, batch.scale)  # (B,3,H,W)
            real = to_rgb(batch.lightness, batch.ab, batch.scale)
            error += _ab_error(prediction.ab, batch)
            num_values += batch.ab.numel()
            meters["psnr"].update(fake, real)
            meters["ssim"].update(fake, real)
            if prediction.logits is not None:
                meters["accuracy"].update(prediction.logits, batch.label)
            self._add_features(features, fake)
        metrics = {name: meter.compute().item() for name, meter in meters.items()}
        metrics["l1"] = error.item() / num_values
        if self._fid is not None:
            generated = torch.cat(features)
            # A diverged generator has no distance, and the decomposition would fail on its features.
            finite = bool(generated.isfinite().all())
            metrics["fid"] = frechet_distance(self._fid.features, generated) if finite else float("nan")
        return metrics

    @torch.no_grad()
    def samples(self, generator: Colorizer, count: int) -> Tensor:
        """The first `count` photos as (count, 3, 3, H, W): gray, colorized and true RGB, 0 to 1."""
        generator.eval()
        rows: list[Tensor] = []
        for batch in self._batches.epoch(0):
            versions = (torch.zeros_like(batch.ab), generator(batch.lightness).ab, batch.ab)
            rows += torch.stack([to_rgb(batch.lightness, ab, batch.scale) for ab in versions], dim=1)
            if len(rows) >= count:
                break
        return torch.stack(rows[:count])

    def _meters(self, with_accuracy: bool) -> dict[str, Metric]:
        psnr = PeakSignalNoiseRatio(data_range=1.0, reduction="elementwise_mean", dim=(1, 2, 3))
        meters: dict[str, Metric] = {"psnr": psnr, "ssim": StructuralSimilarityIndexMeasure(data_range=1.0)}
        if with_accuracy:
            meters["accuracy"] = MulticlassAccuracy(self._num_classes, average="micro", ignore_index=-1)
        return {name: meter.to(self._device) for name, meter in meters.items()}

    def _add_features(self, features: list[Tensor], fake: Tensor) -> None:
        if self._fid is None:
            return
        missing = self._fid.num_images - sum(map(len, features))
        if missing > 0:
            features.append(self._fid.network(to_uint8(fake[:missing])))


def _ab_error(ab: Tensor, batch: Batch) -> Tensor:
    """Sum of the absolute errors of ab (B,2,H,W), in units of 110."""
    scale, unit = batch.scale, AB_SCALES["ab110"]
    return F.l1_loss(
        unit.normalise(scale.denormalise(ab)), unit.normalise(scale.denormalise(batch.ab)), reduction="sum"
    )
