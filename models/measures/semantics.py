"""Whether a classifier of colour photos still knows what is on the colorized ones (Zhang et al. 2016, section 3.1)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from data.errors import DataError
from data.sources.imagenet_classes import synonyms, wanted_ids
from models.evaluation import Measurement
from models.measures.measure import Means, Seen


class SemanticInterpretability:
    """`classifier_agreement` and, where every class of the data is one of ImageNet's, `classifier_top1`."""

    def __init__(self, classifier: Callable[[Tensor], Tensor], classes: Sequence[str], device: torch.device) -> None:
        """classifier: sRGB photos (B,3,H,W) in 0..1 to logits (B,1000)."""
        self._classifier = classifier
        numbers = imagenet_numbers(classes)
        self._numbers = None if numbers is None else torch.tensor(numbers, device=device)
        self._means = Means()

    def add(self, seen: Seen) -> None:
        top1 = self._classifier(seen.generated_rgb / 255).argmax(dim=1)  # (B,)
        agree = top1 == self._classifier(seen.true_rgb / 255).argmax(dim=1)
        self._means.add("classifier_agreement", seen.marked(agree.double()))
        if self._numbers is not None:
            label = seen.batch.label
            right = top1 == self._numbers[label.clamp(min=0)]
            self._means.add("classifier_top1", seen.marked(right.double()), label >= 0)

    def result(self) -> Measurement:
        return Measurement(self._means.result())


def imagenet_numbers(classes: Sequence[str]) -> list[int] | None:
    """The numbers, 0 to 999, of ImageNet's classes with these ids, names or synonyms; None unless all are."""
    order = {wnid: number for number, wnid in enumerate(synonyms())}
    try:
        return [order[wnid] for name in classes for wnid in wanted_ids("imagenet", [name])] or None
    except DataError:
        return None
