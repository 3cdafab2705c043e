"""Which trial is next: those that go on, then those that were asked for, then what the sampler proposes."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.config.trial import TrialConfig
from search.driver.ledger import Ledger
from search.recording import record_end, write_record
from search.records import State, Trial, TrialStart, read_trial, trial_folder
from search.sampling.study import Source, SweepStudy
from search.spec.explain import explain
from search.spec.points import enqueued_points
from search.spec.space import Assignment

FROM_THE_SPEC = "search.enqueue"
GO_ON: tuple[State, ...] = ("waiting", "running", "failed")
"""States of the trials that a resume goes on with. Those that somebody paused stay so."""


class TrialQueue:
    """Hands out each trial that is to run; a new one is recorded before anybody hears of it."""

    def __init__(self, ledger: Ledger, study: SweepStudy, trials: Sequence[Trial], unrecorded: Iterable[int]) -> None:
        """trials: all that are recorded; unrecorded: numbers that the study knows, whose records were never written."""
        self._ledger, self._study = ledger, study
        self._unrecorded = deque(unrecorded)
        self.num_known = study.num_asked
        """Trials that have a number."""
        self._waiting = deque(trial.number for trial in trials if trial.state.state in GO_ON and trial.config)
        enqueued = [number for number in self._unrecorded if study.source(number).origin == "enqueued"]
        others = [trial for trial in trials if trial.start.origin != "sampled"]
        self._num_sampled = self.num_known - len(enqueued) - len(others)  # with those that cannot be read
        self._exhausted = False
        self._notes: list[str] = []
        self.by_order = {trial.start.order: trial.number for trial in trials if trial.start.order}
        """Numbers of the trials that somebody ordered."""
        self.repeats = {trial.number for trial in trials if trial.start.origin == "repeat"}
        self.without_a_trial: list[Trial] = []
        """New ones that can be no trial, recorded as failed."""
        made = {trial.number: trial.params for trial in trials if trial.start.note == FROM_THE_SPEC}
        made |= {number: study.params(number) for number in enqueued if study.source(number).note == FROM_THE_SPEC}
        self._enqueue_entries(enqueued_points(ledger.spec), deque(made[number] for number in sorted(made)))

    @property
    def num_left(self) -> int:
        """Trials still to be started or gone on with."""
        to_sample = 0 if self._exhausted else max(0, self._ledger.spec.search.trials - self._num_sampled)
        return len(self._waiting) + len(self._unrecorded) + to_sample

    def put(self, number: int, first: bool = False) -> None:
        """Let a recorded trial wait for a place, before all others or after them."""
        if first:
            self._waiting.appendleft(number)
        else:
            self._waiting.append(number)

    def take(self, number: int) -> bool:
        """Whether the trial was waiting; it does so no more."""
        if number not in self._waiting:
            return False
        self._waiting.remove(number)
        return True

    @property
    def more_to_come(self) -> bool:
        """Whether there will be trials that have no record yet."""
        return self.num_left > len(self._waiting)

    @property
    def repeats_wait(self) -> bool:
        return any(number in self.repeats for number in self._waiting)

    def next(self, only_repeats: bool = False) -> int | None:
        """The number of the next trial to run. None: nothing is left, or this time a point came that makes no trial."""
        for number in list(self._waiting):
            if number in self.repeats or not only_repeats:
                self._waiting.remove(number)
                return number
        if only_repeats or not self.num_left:
            return None
        if not self._unrecorded and self._study.exhausted:
            self._exhausted = True
            self._notes.append("every point of the space has a trial: none is left to propose")
            return None
        if self._unrecorded:
            number = self._unrecorded.popleft()
            assignment, source = self._study.ask_again(number), self._study.source(number)
        else:
            self._num_sampled += 1
            self.num_known += 1
            source = Source()
            number, assignment = self._study.ask(source=source)
        return number if self._record(number, assignment, source) else None

    def enqueue(self, values: Mapping[str, Any], note: str, order: str = "") -> tuple[int, bool]:
        """Record a trial with these values, what they leave open chosen by the sampler: its number, and True. False:
        the number is that of a trial with these values that is complete, or may yet be; they are not trained twice.

        Once for an order, although that be carried out again because the driver died before it could answer.
        """
        if order in self.by_order:
            return self.by_order[order], True
        source = Source(origin="enqueued", note=note, order=order)
        number, assignment = self._study.ask_once(values, source)
        if assignment is None:
            return number, False
        self.num_known += 1
        if self._record(number, assignment, source):
            self.put(number)
        if order:
            self.by_order[order] = number
        return number, True

    def twin(self, number: int) -> int | None:
        """The first earlier trial with the same values, if there is one."""
        return next(iter(self._study.twins(number)), None)

    def take_notes(self) -> list[str]:
        """What the user should hear of, each once."""
        notes, self._notes = self._notes, []
        return notes

    def _enqueue_entries(self, points: Sequence[Assignment], made: deque[Assignment]) -> None:
        """Enqueue the points of the specification that have not been yet, whenever the sweep was broken off: the first
        numbers are theirs, unless an earlier trial had their values.

        made: the searched values of the trials that came of them, in their order.
        """
        num_before = self.num_known
        for entry, point in enumerate(points):
            if made and point.items() <= made[0].items():
                made.popleft()
            elif entry >= num_before and not made and not self._num_sampled:
                number, is_new = self.enqueue(point, FROM_THE_SPEC)
                if not is_new:
                    again = f"entry {entry + 1} has the values of trial {number}"
                    self._notes.append(f"search.enqueue: {again}, and is not trained again")

    def repeat(self, trial: Trial, seed: int) -> int:
        """Record a trial with the configuration of `trial` and another seed; its number."""
        number = self._study.reserve()
        self.num_known += 1
        self._write(
            TrialStart(
                number=number,
                params=trial.params,
                config=trial.config | {"seed": seed},
                created=datetime.now(UTC),
                origin="repeat",
                repeat_of=trial.number,
                note=f"trial {trial.number} with seed {seed}",
            )
        )
        self.repeats.add(number)
        self.put(number)
        return number

    def _record(self, number: int, assignment: Assignment, source: Source) -> bool:
        """Write a new trial down; false if there can be no trial at this point of the space."""
        spec = self._ledger.spec
        try:
            config, problem = spec.trial_config(assignment).model_dump(mode="json"), ""
        except ValidationError as error:
            config, problem = {}, explain(error, TrialConfig)
        params = spec.parsed_space.searched(assignment)
        created = datetime.now(UTC)
        start = TrialStart(number=number, params=params, config=config, created=created, **vars(source))
        folder = self._write(start)
        if problem:
            record_end(folder, "failed", f"no such trial: {problem}", 0.0)
            self.without_a_trial.append(read_trial(folder))
        return not problem

    def _write(self, start: TrialStart) -> Path:
        folder = trial_folder(self._ledger.folder, start.number)
        write_record(folder, start)
        return folder
