"""Validation of a generator: one pass over the photos, from which every measure takes what it needs.

README.md has the exact definition of each metric.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from data.batch import Batches
from data.colour import to_rgb
from models.classifier import imagenet_classifier
from models.config.trial import TrialConfig
from models.evaluation import Measurement
from models.frozen import placed
from models.measures.colour_errors import ColourErrors
from models.measures.fid_reference import FidReference
from models.measures.inception_distances import InceptionDistances
from models.measures.judge import DiscriminatorError, Judge
from models.measures.measure import Colorize, Measure, Seen, merged
from models.measures.perception import PerceptualDistance
from models.measures.picture_quality import PictureQuality
from models.measures.recognition import LabelRecognition, TeacherAgreement
from models.measures.semantics import SemanticInterpretability
from models.measures.undisturbed import set_modes, undisturbed
from models.measures.validation_losses import ValidationLosses
from models.networks.colorizer import Colorizer, Prediction
from models.objectives.lpips import lpips_network
from models.objectives.task_losses import TaskLosses


class Validation:
    """Measures generators on the same photos, in the same way, as the configuration says.

    classes: names of the labels, none where there are no labels; bin_counts (Q,): training pixels in each of
    gamut_bins(), None where nobody counted them; losses, fid: None leaves them out.
    """

    def __init__(
        self,
        batches: Batches,
        config: TrialConfig,
        classes: Sequence[str],
        losses: TaskLosses | None,
        bin_counts: Tensor | None,
        fid: FidReference | None,
        device: torch.device,
    ) -> None:
        assert fid is None or fid.space == config.evaluation.metric_space
        self._batches, self._config, self._device = batches, config, device
        self._classes, self._losses, self._bin_counts, self._fid = classes, losses, bin_counts, fid
        self._load_networks()

    def _load_networks(self) -> None:
        """All that will be needed, into their caches: weights that are missing are to be missed before the training."""
        wanted, loss = self._config.evaluation, self._config.loss
        if loss.teacher is not None:
            imagenet_classifier(loss.teacher, self._device)
        if not wanted.fid_images or "colorization" not in self._config.tasks:
            return
        if wanted.lpips is not None:
            lpips_network(wanted.lpips)
        if wanted.classifier is not None:
            imagenet_classifier(wanted.classifier, self._device)

    def __call__(self, generator: Colorizer, judge: Judge | None, costly: bool) -> Measurement:
        """Measure a generator, which stays exactly as it was; `judge` as it is now.

        Without a decoder only what the head says is measured, without a head only the colours. A metric is NaN where
        the generator's answer is not finite.
        """
        with undisturbed(self._device, generator, *([judge.discriminator] if judge else [])):
            set_modes(generator, self._config.evaluation)
            if judge:
                judge.discriminator.eval()
            return self.measure(lambda batch: generator(batch.lightness), judge, costly)

    @torch.no_grad()
    def measure(self, colorize: Colorize, judge: Judge | None = None, costly: bool = True) -> Measurement:
        """Measure whatever colorizes; which measures apply follows from its first prediction."""
        measures: list[Measure] | None = None
        on_few: list[Measure] = []
        num_missing = self._config.evaluation.fid_images
        for batch in self._batches.in_file_order():
            seen = Seen(batch, colorize(batch), self._config.evaluation.metric_space)
            if measures is None:
                measures = list(self._cheap(seen.prediction, judge))
                on_few = list(self._costly(seen.prediction)) if costly else []
            for measure in measures:
                measure.add(seen)
            if on_few and num_missing > 0:
                first = seen.first(num_missing)
                num_missing -= len(first)
                for measure in on_few:
                    measure.add(first)
        return merged(measure.result() for measure in [*(measures or []), *on_few])

    def samples(self, generator: Colorizer, count: int) -> Tensor:
        """The first `count` photos as (count, 3, 3, H, W): gray, colorized and true RGB, 0 to 1.

        Those of a generator without a decoder stay gray.
        """
        rows: list[Tensor] = []
        with undisturbed(self._device, generator):
            set_modes(generator, self._config.evaluation)
            for batch in self._batches.in_file_order():
                gray = torch.zeros_like(batch.ab)
                predicted = generator(batch.lightness).ab
                versions = (gray, gray if predicted is None else predicted, batch.ab)
                rows += torch.stack([to_rgb(batch.lightness, ab, batch.scale) for ab in versions], dim=1)
                if len(rows) >= count:
                    break
        return torch.stack(rows[:count])

    def sample_distances(self, samples: Tensor) -> list[float]:
        """LPIPS of each of `samples`, as above, to the truth; none where LPIPS is not measured."""
        wanted = self._config.evaluation
        if wanted.lpips is None or not wanted.fid_images or "colorization" not in self._config.tasks:
            return []
        network = placed(lpips_network(wanted.lpips), self._device)
        with torch.no_grad():
            distances: list[float] = network(samples[:, 1], samples[:, 2]).flatten().tolist()
        return distances

    def _cheap(self, prediction: Prediction, judge: Judge | None) -> Iterator[Measure]:
        loss = self._config.loss
        if prediction.ab is not None:
            yield ColourErrors(self._bin_counts, self._device)
            yield PictureQuality()
            if judge is not None and judge.boundary is not None:
                yield DiscriminatorError(judge.discriminator, judge.boundary)
        if prediction.logits is not None and loss.teacher is not None:
            yield TeacherAgreement(imagenet_classifier(loss.teacher, self._device))
        elif prediction.logits is not None and self._classes:
            yield LabelRecognition(len(self._classes), self._device)
        if self._losses is not None:
            yield ValidationLosses(self._losses, loss.task_losses, by_labels=loss.teacher is None)

    def _costly(self, prediction: Prediction) -> Iterator[Measure]:
        wanted = self._config.evaluation
        if prediction.ab is None or not wanted.fid_images:
            return
        if self._fid is not None:
            yield InceptionDistances(self._fid, wanted.kid)
        if wanted.lpips is not None:
            yield PerceptualDistance(wanted.lpips, self._device)
        if wanted.classifier is not None:
            classifier = imagenet_classifier(wanted.classifier, self._device)
            yield SemanticInterpretability(classifier, self._classes, self._device)
