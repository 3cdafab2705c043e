"""The lines of a single training."""

import io

from rich.console import Console

from models.evaluation import Evaluation
from search.single.training_progress import TrainingProgress


def lines(*evaluations: Evaluation) -> list[str]:
    out = io.StringIO()
    with TrainingProgress(Console(file=out), 3, ("fid", "l1")) as progress:
        for evaluation in evaluations:
            progress.evaluated(evaluation)
    return out.getvalue().splitlines()


def test_discriminators_error_is_shown_where_it_trains_alone():
    common = {"seconds": 0.0, "metrics": {"l1": 0.5, "psnr": 20.0}, "details": {"discriminator_error": 0.0}}
    alone = Evaluation(epoch=1, step=4, phase="alone", losses={"discriminator": 1.0}, **common)
    both = Evaluation(epoch=2, step=8, phase="both", losses={"discriminator": 1.0, "l1": 1.0}, **common)
    assert lines(alone, both) == [
        "epoch 1 of 3  alone  l1 0.5  discriminator_error 0  (losses: discriminator 1)",
        "epoch 2 of 3  both  l1 0.5  (losses: discriminator 1, l1 1)",
    ]
