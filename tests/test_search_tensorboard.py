"""What TensorBoard shows of a trial."""

from pathlib import Path

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from models.evaluation import Evaluation
from search.worker.tensorboard import TrialTensorboard

SAMPLES = torch.zeros(1, 3, 3, 4, 4)


def evaluation(number: int, **changes: object) -> Evaluation:
    """Twice an epoch, of 4 steps."""
    return Evaluation(epoch=number / 2, step=2 * number, seconds=1.0, metrics={"l1": 1 / number}).model_copy(
        update=changes
    )


def write(folder: Path, *evaluations: Evaluation) -> None:
    with TrialTensorboard(folder, ["colorization", "classification"]) as tensorboard:
        for one in evaluations:
            tensorboard.add(one, SAMPLES)


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


def scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in read(folder).Scalars(name)]


def test_values_over_the_steps_and_the_epoch_beside_them(tmp_path: Path):
    values = {"val_losses": {"l1": 0.5}, "learning_rates": {"encoder": 0.25}, "details": {"colourfulness": 8.0}}
    write(tmp_path, evaluation(1, **values), evaluation(2))
    assert scalars(tmp_path, "metrics/l1") == [(2, 1.0), (4, 0.5)]
    assert scalars(tmp_path, "progress/epoch") == [(2, 0.5), (4, 1.0)]
    assert scalars(tmp_path, "validation losses/l1") == [(2, 0.5)]
    assert scalars(tmp_path, "learning rates/encoder") == [(2, 0.25)]
    assert scalars(tmp_path, "details/colourfulness") == [(2, 8.0)]


def test_the_stop_of_a_task_is_a_step_and_a_word(tmp_path: Path):
    stopped = {"stopped": ("classification",), "phase": "frozen"}
    write(tmp_path, evaluation(1), evaluation(2, **stopped), evaluation(3, **stopped))
    assert scalars(tmp_path, "stopped/classification") == [(2, 0.0), (4, 1.0), (6, 1.0)]
    assert scalars(tmp_path, "stopped/colorization") == [(2, 0.0), (4, 0.0), (6, 0.0)]
    told = [event.tensor_proto.string_val[0] for event in read(tmp_path).Tensors("events/text_summary")]
    assert told == [b"after epoch 1: classification stopped", b"after epoch 1: phase frozen"]


def test_an_attempt_replaces_what_came_after_the_evaluation_it_goes_on_from(tmp_path: Path):
    write(tmp_path, *map(evaluation, (1, 2, 3)))
    write(tmp_path, *(evaluation(number, metrics={"l1": 7.0}) for number in (2, 3)))
    assert scalars(tmp_path, "metrics/l1") == [(2, 1.0), (4, 7.0), (6, 7.0)]
