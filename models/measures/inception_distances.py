"""FID and KID of the generated photos from the true ones."""

import torch
from torch import Tensor

from models.evaluation import Measurement
from models.measures.fid import frechet_distance
from models.measures.fid_reference import FidReference
from models.measures.kid import kernel_distance
from models.measures.measure import Seen


class InceptionDistances:
    """`fid` and, if wanted, `kid` with the ends of its interval in the details. Keeps 8 KB of features for a photo."""

    def __init__(self, reference: FidReference, kid: bool) -> None:
        self._reference, self._kid = reference, kid
        self._features: list[Tensor] = []

    def add(self, seen: Seen) -> None:
        self._features.append(seen.marked(self._reference.network(seen.generated)))

    def result(self) -> Measurement:
        real, fake = self._reference.features, torch.cat(self._features)  # (N,d)
        if not fake.isfinite().all():  # the decomposition would fail on them
            return Measurement({"fid": torch.nan} | ({"kid": torch.nan} if self._kid else {}))
        metrics, details = {"fid": frechet_distance(real, fake)}, {}
        if self._kid:
            kid = kernel_distance(real, fake)
            metrics["kid"], details = kid.mean, {"kid_low": kid.low, "kid_high": kid.high}
        return Measurement(metrics, details=details)
