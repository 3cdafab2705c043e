"""The losses of both tasks against independent computations."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from data.batch import Batch
from data.bins import gamut_bins
from data.colour import AB_SCALES
from data.errors import DataError
from models.config.loss import LossConfig
from models.config.trial import TrialConfig
from models.networks.colorizer import Prediction
from models.objectives.classification import LabelCrossEntropy
from models.objectives.colour_classes import BinsCrossEntropy, build_bins_cross_entropy
from models.objectives.task_losses import TaskLosses

SCALE = AB_SCALES["ab110"]


def a_batch(ab: Tensor, labels: tuple[int, ...] = (0, -1)) -> Batch:
    return Batch(torch.zeros(len(ab), 1, *ab.shape[2:]), ab, torch.tensor(labels), SCALE)


def task_losses(**weights: float) -> TaskLosses:
    loss = LossConfig(**{"l1": 0.0, "adversarial": "none", **weights})
    model = {"backbone": "eccv16"} if loss.bins else {}
    return TaskLosses(TrialConfig(data={"train": "t.beton", "val": "v.beton"}, model=model, loss=loss), None)


def test_reconstruction_losses_are_means_over_normalised_ab():
    true = torch.zeros(1, 2, 1, 2)
    predicted = torch.tensor([0.5, -0.5, 2.0, 0.0]).reshape(1, 2, 1, 2)
    losses = task_losses(l1=1, l2=1, smooth_l1=1)
    found = losses(Prediction([], ab=predicted), a_batch(true, (0,)), ("l1", "l2", "smooth_l1"))
    assert {name: loss.item() for name, loss in found.items()} == pytest.approx(
        {"l1": 3 / 4, "l2": 4.5 / 4, "smooth_l1": (0.125 + 0.125 + 1.5) / 4}
    )


def test_only_what_is_asked_for_is_computed():
    losses = task_losses(l1=1, classification=1)
    prediction = Prediction([], ab=torch.zeros(2, 2, 4, 4))  # no logits
    assert list(losses(prediction, a_batch(torch.zeros(2, 2, 4, 4)), ("l1",))) == ["l1"]


def test_losses_are_float32_with_finite_gradients_under_autocast():
    losses = task_losses(l1=1, l2=1, smooth_l1=1, bins=1, classification=1)
    half = {"dtype": torch.bfloat16, "requires_grad": True}
    ab, bins, logits = torch.zeros(2, 2, 8, 8, **half), torch.zeros(2, 313, 2, 2, **half), torch.zeros(2, 3, **half)
    names = ("l1", "l2", "smooth_l1", "bins", "classification")
    with torch.autocast("cpu", torch.bfloat16):
        found = losses(Prediction([], ab, bins, logits), a_batch(torch.rand(2, 2, 8, 8)), names)
    assert all(loss.dtype == torch.float32 for loss in found.values())
    torch.stack(list(found.values())).sum().backward()
    assert all(tensor.grad.isfinite().all() and tensor.grad.any() for tensor in (ab, bins, logits))


def test_cross_entropy_leaves_unlabelled_photos_out():
    batch = a_batch(torch.zeros(2, 2, 1, 1))
    prediction = Prediction([], logits=torch.tensor([[0.0, 0.0], [5.0, -5.0]], requires_grad=True))
    assert LabelCrossEntropy(0.0)(prediction, batch).item() == pytest.approx(math.log(2))
    without = LabelCrossEntropy(0.0)(prediction, a_batch(torch.zeros(2, 2, 1, 1), (-1, -1)))
    without.backward()
    assert without == 0
    assert not prediction.logits.grad.any()


def test_label_smoothing_shares_out_evenly():
    prediction = Prediction([], logits=torch.tensor([[2.0, 0.0, 0.0], [9.0, 9.0, 9.0]]))
    log_sum = math.log(math.exp(2) + 2)
    expected = -(0.7 + 0.1) * (2 - log_sum) - 2 * 0.1 * (0 - log_sum)
    assert LabelCrossEntropy(0.3)(prediction, a_batch(torch.zeros(2, 2, 1, 1))).item() == pytest.approx(expected)


def bins_cross_entropy(logits: Tensor, ab: Tensor, neighbours: int, weights: Tensor | None = None) -> float:
    """Pixel by pixel in numpy; ab (B,2,H,W) in Lab units, averaged over blocks to the size of the logits."""
    centres = gamut_bins().centres.double().numpy()
    block = ab.shape[2] // logits.shape[2]
    losses = []
    for photo, row, column in np.ndindex(logits.shape[0], *logits.shape[2:]):
        pixels = ab[photo, :, row * block : (row + 1) * block, column * block : (column + 1) * block]
        colour = pixels.double().mean(dim=(1, 2)).numpy()
        squares = ((centres - colour) ** 2).sum(axis=1)
        nearest = np.argsort(squares)[:neighbours]
        target = np.exp(-squares[nearest] / (2 * 5.0**2))
        target /= target.sum()
        log_shares = logits[photo, :, row, column].double().log_softmax(0).numpy()
        weight = 1.0 if weights is None else float(weights[nearest[0]])
        losses.append(-weight * (target * log_shares[nearest]).sum())
    return float(np.mean(losses))


@pytest.mark.parametrize(("target", "neighbours"), [("soft", 5), ("onehot", 1)])
@pytest.mark.parametrize("rebalanced", [False, True])
def test_bins_cross_entropy_is_zhangs_formula(target: str, neighbours: int, rebalanced: bool):
    random = torch.Generator().manual_seed(0)
    ab = torch.randn(2, 2, 8, 8, generator=random) * 30
    logits = torch.randn(2, 313, 2, 2, generator=random)
    weights = torch.rand(313, generator=random) if rebalanced else None
    loss = BinsCrossEntropy(target, weights)(Prediction([], bins=logits), a_batch(SCALE.normalise(ab)))
    assert loss.item() == pytest.approx(bins_cross_entropy(logits, ab, neighbours, weights), rel=1e-5)


def test_rebalancing_weighs_by_the_training_photos():
    counts = torch.arange(313) % 7
    ab, logits = torch.randn(2, 2, 4, 4) * 30, torch.randn(2, 313, 4, 4)
    weights = gamut_bins().rebalancing_weights(counts, 0.5)
    loss = build_bins_cross_entropy("soft", 0.5, counts)(Prediction([], bins=logits), a_batch(SCALE.normalise(ab)))
    assert loss.item() == pytest.approx(bins_cross_entropy(logits, ab, 5, weights), rel=1e-5)


def test_without_a_uniform_share_colours_never_seen_do_not_count():
    centres = gamut_bins().centres
    gray, vivid = ((centres == torch.tensor(colour)).all(dim=1).nonzero().item() for colour in ([0, 0], [80, 60]))
    counts = torch.zeros(313)
    counts[gray] = 1000
    ab = torch.stack([centres[gray], centres[vivid]])[:, :, None, None]  # two photos of one pixel
    logits = torch.randn(2, 313, 1, 1, requires_grad=True)
    build_bins_cross_entropy("onehot", 0.0, counts)(
        Prediction([], bins=logits), a_batch(SCALE.normalise(ab))
    ).backward()
    assert logits.grad[0].any()
    assert not logits.grad[1].any()


def test_rebalancing_without_counts_is_refused():
    with pytest.raises(
        DataError, match=r"has no counts of them: build it again, or remove loss\.rebalancing"
    ) as refusal:
        build_bins_cross_entropy("soft", 0.5, None)
    assert "\n" not in str(refusal.value)


def test_task_losses_have_nothing_to_train_or_save():
    losses = task_losses(l1=1, bins=1, classification=1)
    assert not list(losses.parameters())
    assert not losses.state_dict()
