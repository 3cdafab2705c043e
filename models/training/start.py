"""The generator that a training begins with, where it is not a new one."""

from pathlib import Path

from data.staged.local_copy import local_copy
from models.config.trial import TrialConfig
from models.networks.colorizer import Colorizer
from models.training.checkpoint import CheckpointError, config_of, evaluated_weights, load_checkpoint
from models.training.state import TrainingState


def start_from(state: TrainingState) -> None:
    """Take over the generator of the checkpoint that the configuration names, if it names one.

    A classification head is left out if the checkpoint has none, or one for another number of classes.

    Raises:
        CheckpointError: there is no such checkpoint, or its encoder or decoder is another one.
    """
    path = state.config.start_from
    if path is None:
        return
    with local_copy(path) as file:
        if not file.is_file():
            raise CheckpointError(f"start_from: no file {path}; give checkpoints/last.pt in the folder of a trial")
        checkpoint = load_checkpoint(file)
    _require_same_colours(path, config_of(checkpoint), state.config)
    weights = evaluated_weights(checkpoint)
    generator: Colorizer = state.generator
    own = generator.state_dict()
    fitting = {name: w for name, w in weights.items() if name in own and own[name].shape == w.shape}
    missing = [name for name in own if name not in fitting and not name.startswith("head.")]
    if missing:
        raise CheckpointError(
            f"start_from: {path} holds another network, without a fitting {missing[0]} (and {len(missing) - 1} more); "
            "set model to that of its trial"
        )
    generator.load_state_dict(own | fitting)
    if state.average is not None:
        state.average.module.load_state_dict(generator.state_dict())


def _require_same_colours(path: Path, before: TrialConfig, now: TrialConfig) -> None:
    """The same outputs have to stand for the same colours."""
    for name, kept, wanted in (
        ("data.normalisation", before.data.normalisation, now.data.normalisation),
        ("model.temperature", before.model.temperature, now.model.temperature),
    ):
        if kept != wanted:
            raise CheckpointError(
                f"start_from: the generator of {path} was trained with {name} {kept}, this one is to have {wanted}; "
                f"set {name} to {kept}"
            )
