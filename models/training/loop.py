"""The training loop of every trial."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path
from typing import Protocol

from data.batch import Batches
from data.errors import HuetuneError
from models.config.loss import TASK_OF
from models.config.trial import TrialConfig
from models.evaluation import Evaluation, Measurement
from models.joint_error import joint_error
from models.measures.judge import Judge
from models.networks.colorizer import Colorizer
from models.training.checkpoint import (
    BEST_JOINT,
    LAST,
    best_of,
    checkpoint_path,
    load_checkpoint,
    save_checkpoint,
)
from models.training.phases import Plan, prepare
from models.training.start import start_from
from models.training.state import TrainingState
from models.training.step import ADVERSARIAL_WEIGHT, training_step
from models.training.tally import Tally


class DivergedError(HuetuneError):
    """A loss is no longer a finite number: the configuration's fault, not the machine's."""


class Validate(Protocol):
    def __call__(self, generator: Colorizer, judge: Judge | None, costly: bool) -> Measurement: ...


def train(
    state: TrainingState,
    batches: Batches,
    validate: Validate,
    checkpoints: Path,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Evaluation]:
    """Train to the end, from the last checkpoint if there is one, and yield every evaluation.

    An evaluation is yielded once its checkpoint is on the disk. After a restart the last one is yielded again, since
    nobody knows whether it was heard.

    Raises:
        DivergedError: a loss became infinite or not a number. The checkpoints stay those of the last good evaluation.
        CollapsedError: nothing has been learned for long, as the evaluation that was yielded last shows.
        GpuMemoryError: a batch does not fit the GPU's memory.
        CheckpointError: the last checkpoint is of another configuration or of other photos.
    """
    if (last := checkpoint_path(checkpoints, LAST)).exists():
        state.restore(load_checkpoint(last))
        yield state.history[-1]
    else:
        start_from(state)
    while not (state.history and state.history[-1].finished):
        state.collapse.require_none()
        began = clock()
        plan, rates = prepare(state, batches)
        losses = train_stretch(state, batches, plan)
        evaluation, improved = _evaluate(state, batches, validate, plan, losses)
        state.seconds += clock() - began
        evaluation = evaluation.model_copy(update={"seconds": state.seconds, "learning_rates": rates})
        state.history.append(evaluation)
        state.collapse.update(evaluation)
        for name in improved:
            save_checkpoint(checkpoint_path(checkpoints, name), state.generator_checkpoint())
        save_checkpoint(last, state.full_checkpoint())
        yield evaluation


def train_stretch(state: TrainingState, batches: Batches, plan: Plan) -> dict[str, float]:
    """Train up to the next evaluation; the mean of each loss.

    Raises:
        DivergedError: one of them is not finite.
    """
    position, tally = state.position, Tally()
    num_batches = batches.num_batches(state.photos)
    if not plan.generator and not plan.discriminator:  # its tasks have been stopped before
        position.skip_phase(state.phase, num_batches)
        return {}
    stop = position.next_stop(state.phase, num_batches, state.config.evaluation.per_epoch)
    with closing(batches.epoch(position.epoch, position.batch, state.photos)) as rest:
        for batch in islice(rest, stop - position.batch):
            tally.add(training_step(state, batch, plan))
    means = tally.means()
    require_finite(means, position.epochs_with_fraction(num_batches))
    return means


def require_finite(values: Mapping[str, float], epoch: float) -> None:
    """Raise DivergedError unless every loss or metric is a finite number."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise DivergedError(f"diverged: {name} became {value} by epoch {epoch:g}; lower the learning rates")


def _evaluate(
    state: TrainingState,
    batches: Batches,
    validate: Validate,
    plan: Plan,
    losses: dict[str, float],
) -> tuple[Evaluation, list[str]]:
    """Measure, let early stopping decide, go on to the next pass or phase; names of the checkpoints that improved."""
    phase, position = state.phase, state.position
    num_batches = batches.num_batches(state.photos)
    learning = [task for task in state.config.tasks if state.learns(task)]
    position.end_stretch(phase, num_batches)
    epoch = position.epochs_with_fraction(num_batches)
    judge = _judge(state)
    # Costly metrics belong to whole epochs, at which trials are compared, and to the last evaluation whatever it is.
    costly = state.over or (position.batch == 0 and position.epoch % state.config.evaluation.costly_every == 0)
    measurement = validate(state.evaluated, judge, costly)
    require_finite(measurement.metrics, epoch)
    improved = state.stopping.update(learning, measurement.metrics, losses, measurement.losses)
    if state.over and not costly:
        measurement = validate(state.evaluated, judge, True)
        require_finite(measurement.metrics, epoch)
    weights = _weights(state, plan, losses)
    if position.batch == 0:
        state.weighting.end_epoch(_epoch_means(losses, position.step, state.history, epoch))
    evaluation = Evaluation(
        epoch=epoch,
        step=position.step,
        seconds=0.0,
        phase=phase.name,
        metrics=measurement.metrics,
        details=measurement.details | _parts_of_batch(state),
        losses={name: loss for name, loss in losses.items() if name != ADVERSARIAL_WEIGHT},
        val_losses=measurement.losses,
        weights=weights,
        stopped=state.stopping.stopped,
        finished="early-stopping" if state.stopping.all_stopped else "epochs" if state.over else None,
    )
    names = [best_of(task) for task in sorted(improved)]
    if _is_best_joint(state.config, evaluation, state.history):
        names.append(BEST_JOINT)
    return evaluation, names


def _joint_error(config: TrialConfig, evaluation: Evaluation) -> float:
    return joint_error(evaluation.metrics, [config.stopping(task).metric for task in config.tasks])


def _is_best_joint(config: TrialConfig, evaluation: Evaluation, history: list[Evaluation]) -> bool:
    error = _joint_error(config, evaluation)
    return math.isfinite(error) and all(error <= _joint_error(config, other) for other in history)


def _judge(state: TrainingState) -> Judge | None:
    if state.adversary is None or state.adversary.boundary is None or state.discriminator is None:
        return None
    return Judge(state.discriminator, state.adversary.boundary)


def _parts_of_batch(state: TrainingState) -> dict[str, float]:
    halved = state.accumulation != state.config.compute.accumulation
    return {"accumulation": float(state.accumulation)} if halved else {}


def _epoch_means(losses: dict[str, float], step: int, history: list[Evaluation], epoch: float) -> dict[str, float]:
    """Mean losses of the pass that ends as `epoch`, at `step`; `losses` are those since its last evaluation."""
    ends = [0, *(before.step for before in history), step]
    lengths = [after - before for before, after in pairwise(ends)]
    epochs = [*(before.epoch for before in history), epoch]
    stretches = [*(before.losses for before in history), losses]
    own = [(one, length) for one, length, end in zip(stretches, lengths, epochs, strict=True) if end > epoch - 1]
    means = {}
    for name in {name: None for one, _ in own for name in one}:
        values, weights = zip(*((one[name], length) for one, length in own if name in one), strict=True)
        means[name] = statistics.fmean(values, weights)
    return means


def _weights(state: TrainingState, plan: Plan, losses: Mapping[str, float]) -> dict[str, float]:
    """In force in the steps before an evaluation, and 0 for a task that it has stopped; the adversarial one's mean."""
    weights = {
        name: 0.0 if name not in plan.losses or state.stopping.frozen(TASK_OF[name]) else weight
        for name, weight in state.weighting.weights().items()
    }
    if plan.adversarial:
        weights["adversarial"] = losses.get(ADVERSARIAL_WEIGHT, state.config.loss.adversarial_weight)
    return weights
