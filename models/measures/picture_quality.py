"""How like the true pictures the generated ones are, and how colourful."""

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from models.evaluation import Measurement
from models.measures.measure import Means, Seen

LEVELS = (0.0, 255.0)
LARGEST_PSNR = 100.0
"""In dB. Equal pictures have an infinite one, and a single such photo would make the mean infinite too."""


class PictureQuality:
    """`psnr`, `ssim` and `colourfulness_distance`; in the details, the colourfulness of both sides."""

    def __init__(self) -> None:
        self._means, self._colourfulness = Means(), Means()

    def add(self, seen: Seen) -> None:
        generated, true = seen.generated.float(), seen.true.float()
        psnr = peak_signal_noise_ratio(generated, true, LEVELS, dim=(1, 2, 3), reduction="none")
        ssim = structural_similarity_index_measure(generated, true, data_range=LEVELS, reduction="none")
        assert isinstance(ssim, Tensor)  # a tuple only if its parts are asked for
        self._means.add("psnr", seen.marked(psnr.clamp(max=LARGEST_PSNR)))
        self._means.add("ssim", seen.marked(ssim))
        self._colourfulness.add("colourfulness", seen.marked(colourfulness(seen.generated_rgb)))
        self._colourfulness.add("colourfulness_true", colourfulness(seen.true_rgb))

    def result(self) -> Measurement:
        sides = self._colourfulness.result()
        distance = abs(sides["colourfulness"] - sides["colourfulness_true"])
        return Measurement(self._means.result() | {"colourfulness_distance": distance}, details=sides)


def colourfulness(rgb: Tensor) -> Tensor:
    """M̂⁽³⁾ (B,) of RGB pictures (B,3,H,W) in 0..255: 0 for gray, about 15 for slightly, 109 for extremely colourful.

    Source: Hasler and Süsstrunk 2003, "Measuring colourfulness in natural images".
    """
    red, green, blue = rgb.float().flatten(2).unbind(1)
    opponents = torch.stack((red - green, (red + green) / 2 - blue))  # (2,B,HW)
    spread = opponents.var(dim=2, correction=0).sum(dim=0).sqrt()
    return spread + 0.3 * opponents.mean(dim=2).square().sum(dim=0).sqrt()
