"""Go on with the networks of another training, at the same epoch, under other loss weights."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.config.loss import CHANGEABLE_WEIGHTS
from models.config.trial import TrialConfig
from models.evaluation import Evaluation
from models.training.checkpoint import CheckpointError, config_of


def adopt(donor: Mapping[str, Any], config: TrialConfig, history: Sequence[Evaluation]) -> dict[str, Any]:
    """The full checkpoint from which a training goes on as `config`, with its own `history` and seconds so far.

    All else is the donor's: networks, optimisers, learned weights, monitors, position and random numbers.

    Raises:
        CheckpointError: the donor is at another epoch, or differs in more than the loss weights.
    """
    there = [Evaluation.model_validate_json(line) for line in donor["history"]]
    if not there or not history or there[-1].epoch != history[-1].epoch:
        ends = [f"{own[-1].epoch:g}" if own else "0" for own in (there, history)]
        raise CheckpointError(f"the donor's checkpoint is of epoch {ends[0]} and not of {ends[1]}; start a new trial")
    before = config_of(donor)
    weights = {name: getattr(config.loss, name) for name in CHANGEABLE_WEIGHTS}
    expected = before.model_copy(update={"loss": before.loss.model_copy(update=weights)})
    differences = config.differences(expected)
    if differences or config.loss.task_losses != before.loss.task_losses:
        reason = differences or "a loss is on in one of them alone"
        raise CheckpointError(f"the donor is of another configuration: {reason}; start a new trial")
    return {
        **donor,
        "config": config.model_dump_json(),
        "history": [evaluation.model_dump_json() for evaluation in history],
        "seconds": history[-1].seconds,
    }
