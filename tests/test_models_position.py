"""Where a training stands: passes, phases, and the stops for evaluation."""

from models.config.phases import PhaseConfig
from models.training.position import Position


def stops(phases: list[PhaseConfig], num_batches: int, per_epoch: int) -> list[tuple[int, float, int]]:
    """Phase, epoch and step at each evaluation."""
    position, found = Position(), []
    while position.phase < len(phases):
        phase = phases[position.phase]
        for _ in range(position.next_stop(phase, num_batches, per_epoch) - position.batch):
            position.count_batch()
        number = position.phase
        position.end_stretch(phase, num_batches)
        found.append((number, position.epochs_with_fraction(num_batches), position.step))
    return found


def test_two_evaluations_in_each_epoch():
    assert stops([PhaseConfig(epochs=2)], 5, 2) == [(0, 0.6, 3), (0, 1.0, 5), (0, 1.6, 8), (0, 2.0, 10)]


def test_more_evaluations_than_batches_are_as_many_as_batches():
    assert stops([PhaseConfig(epochs=1)], 2, 5) == [(0, 0.5, 1), (0, 1.0, 2)]


def test_phase_in_steps_ends_within_a_pass_which_then_counts():
    phases = [PhaseConfig(steps=7), PhaseConfig(epochs=1)]
    assert stops(phases, 5, 1) == [(0, 1.0, 5), (0, 2.0, 7), (1, 3.0, 12)]


def test_phase_in_steps_may_be_shorter_than_a_stretch():
    assert stops([PhaseConfig(steps=2), PhaseConfig(steps=5)], 5, 1) == [(0, 1.0, 2), (1, 2.0, 7)]


def test_skipped_phase_stands_at_its_last_stop():
    for phase in (PhaseConfig(epochs=3), PhaseConfig(steps=100)):
        position = Position()
        position.skip_phase(phase, 5)
        position.end_stretch(phase, 5)
        assert position.phase == 1
