"""How far a training is, and when it is to be evaluated next."""

import math
from dataclasses import dataclass

from models.config.phases import PhaseConfig


@dataclass
class Position:
    """Counts only what is done: a training goes on from here."""

    phase: int = 0
    """Number of the phase, from 0."""
    phase_epoch: int = 0
    phase_step: int = 0
    epoch: int = 0
    """Passes over the photos, in all phases together."""
    batch: int = 0
    """Batches of the present pass."""
    step: int = 0
    """Batches, in all phases together."""

    def epochs_with_fraction(self, num_batches: int) -> float:
        return self.epoch + self.batch / num_batches if self.batch else float(self.epoch)

    def next_stop(self, phase: PhaseConfig, num_batches: int, per_epoch: int) -> int:
        """The batch of this pass, of `num_batches`, before which the training is evaluated next."""
        stops = (math.ceil(num_batches * part / per_epoch) for part in range(1, per_epoch + 1))
        stop = next(stop for stop in stops if stop > self.batch)
        if phase.steps is None:
            return stop
        return min(stop, self.batch + phase.steps - self.phase_step)

    def end_stretch(self, phase: PhaseConfig, num_batches: int) -> None:
        """To be called at each stop: ends the pass and the phase if they are over."""
        pass_over = self.batch == num_batches
        if phase.steps is not None:
            phase_over = self.phase_step >= phase.steps
        else:
            assert phase.epochs is not None
            phase_over = self.phase_epoch + pass_over >= phase.epochs
        if pass_over or phase_over:
            self.epoch, self.phase_epoch, self.batch = self.epoch + 1, self.phase_epoch + 1, 0
        if phase_over:
            self.phase, self.phase_epoch, self.phase_step = self.phase + 1, 0, 0

    def skip_phase(self, phase: PhaseConfig, num_batches: int) -> None:
        """Go to the last stop of a phase in which nothing is left to train."""
        self.batch = num_batches
        if phase.steps is not None:
            self.phase_step = phase.steps
        else:
            assert phase.epochs is not None
            self.phase_epoch = phase.epochs - 1

    def count_batch(self) -> None:
        self.batch, self.phase_step, self.step = self.batch + 1, self.phase_step + 1, self.step + 1
