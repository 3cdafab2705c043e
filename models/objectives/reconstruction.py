"""How far the predicted ab are from the true ones, both normalised."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from data.batch import Batch
from models.networks.colorizer import Prediction


class ReconstructionLoss:
    """Mean over all photos, pixels and both channels."""

    def __init__(self, name: str) -> None:
        self._distance = RECONSTRUCTION[name]

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        assert prediction.ab is not None
        return self._distance(prediction.ab.float(), batch.ab)


RECONSTRUCTION: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": F.l1_loss,
    "l2": F.mse_loss,
    "smooth_l1": F.smooth_l1_loss,
}
