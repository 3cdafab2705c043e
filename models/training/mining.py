"""The training photos that a generator does worst in the eyes of the discriminator (Mu and Lee)."""

import numpy as np
import torch
from numpy.typing import NDArray

from data.batch import Batches
from models.training.state import TrainingState


@torch.no_grad()
def hardest_photos(state: TrainingState, batches: Batches, count: int) -> NDArray[np.int64]:
    """Numbers (count,), ascending, of the photos whose colorization has the least mean logit."""
    assert state.discriminator is not None
    state.generator.eval()
    state.discriminator.eval()
    scores = []
    for batch in batches.in_file_order():
        with state.autocast():
            prediction = state.generator(batch.lightness)
            assert prediction.ab is not None
            logits = state.discriminator(batch.lightness, prediction.ab)  # (B,1,h,w)
        scores.append(logits.float().mean(dim=(1, 2, 3)))
    worst_first = torch.cat(scores).argsort(stable=True)
    return np.sort(worst_first[:count].cpu().numpy())
