"""Which pretrained weights a configuration loads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.config.evaluation import LPIPS_BACKBONES
from models.config.trial import TrialConfig


@dataclass(frozen=True, order=True)
class WantedWeights:
    """What is to be given to models.weights.load_state."""

    name: str
    file: str = ""
    """Empty: to be found."""

    @property
    def path(self) -> Path | None:
        return Path(self.file) if self.file else None


def wanted_weights(config: TrialConfig) -> Iterator[WantedWeights]:
    """Those that a trial of this configuration loads, perhaps some of them twice."""
    evaluation, loss = config.evaluation, config.loss
    if evaluation.fid_images and "colorization" in config.tasks:
        yield WantedWeights("inception-fid", str(evaluation.fid_weights or ""))
    if config.model.pretrained:
        yield WantedWeights(config.model.backbone, str(config.model.weights or ""))
    if evaluation.lpips:
        yield WantedWeights(LPIPS_BACKBONES[evaluation.lpips])
    yield from (WantedWeights(name) for name in (loss.teacher, evaluation.classifier) if name)
    if loss.perceptual:
        yield WantedWeights("vgg16")
